import type { Agent } from "../agent/agent.ts";
import { toStore } from "../agent/to-store.ts";
import { isoTime } from "../base/clock.ts";
import { atOnce } from "../base/hooks.ts";
import type { CallId } from "../base/ids.ts";
import { toJson } from "../base/json.ts";
import { compactError } from "../context/blocks/errors.ts";
import { checkEventName } from "../steps/check-returned.ts";
import type { NewEvent } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";
import { callOf, definitionOf, type Effect, refuseArguments } from "./effect.ts";
import { type Write, write } from "./journal.ts";

/** The events that the code for a step makes of it. If that code throws, or they may not be stored, the step is refused. */
export function recordStep(
  callId: CallId,
  thread: Thread,
  agent: Agent,
  make: () => readonly NewEvent[],
): Write[] {
  try {
    return [write(...toStore(make(), thread, agent))];
  } catch (error) {
    return [write(refuseArguments(callId, compactError(error).message))];
  }
}

export const refuseStep: Effect<"refuse_step"> = ({ callId, reason, message, inTurn }) => {
  const why = inTurn === undefined ? { reason, message } : { reason, message, inTurn };
  return [write({ type: "step_refused", data: callId === null ? why : { ...why, callId } })];
};

export const dropSteps: Effect<"drop_steps"> = ({ callIds, reason }, thread) => {
  const steps = callIds.map((callId) => callOf(thread, callId).step);
  return [write({ type: "steps_dropped", data: { steps, callIds, reason } })];
};

export const reachBudget: Effect<"reach_budget"> = ({ budget, limit, used }) => {
  const question = `The budget of ${limit} ${budget} is used up${used === limit ? "" : ` (${used})`}. Go on with as much again, or stop?`;
  return [
    write(
      { type: "budget_reached", data: { budget, limit, used } },
      { type: "human_asked", data: { kind: "budget", question } },
    ),
  ];
};

export const sleep: Effect<"sleep"> = ({ callId, intent }, thread, agent, { clock }) =>
  recordStep(callId, thread, agent, () => {
    const { step } = callOf(thread, callId);
    const until = isoTime(definitionOf(agent, intent, "sleep").until(step, clock.now()));
    return [{ type: "sleep_started", data: { callId, until } }];
  });

export const waitForEvent: Effect<"wait_for_event"> = ({ callId, intent }, thread, agent, { clock }) =>
  recordStep(callId, thread, agent, () => {
    const { step } = callOf(thread, callId);
    const { name, until } = definitionOf(agent, intent, "wait_for_event").event(step, clock.now());
    checkEventName(name);
    const data = { callId, name };
    return [{ type: "event_awaited", data: until === undefined ? data : { ...data, until: isoTime(until) } }];
  });

export const finish: Effect<"finish"> = ({ callId, intent }, thread, agent) =>
  recordStep(callId, thread, agent, () => {
    const { step } = callOf(thread, callId);
    const definition = definitionOf(agent, intent, "finish", "nothing");
    const given = definition.kind === "finish" ? definition.result(step) : definition.reason(step);
    const result = toJson(atOnce("the step's handler", given));
    return [{ type: "finished", data: { callId, result } }];
  });

export const fail: Effect<"fail"> = ({ name, message }) => [
  write({ type: "failed", data: { error: { name, message } } }),
];
