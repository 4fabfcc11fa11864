import type { Agent } from "../agent/agent.ts";
import { approvalRequest } from "../agent/approval-request.ts";
import { credentialsFor } from "../agent/credentials.ts";
import { createHelper } from "../agent/helper.ts";
import { type Json, toJson } from "../base/json.ts";
import { compactError } from "../context/blocks/errors.ts";
import { checkAddressees } from "../humans/addressees.ts";
import { checkQuestion, checkText } from "../steps/check-returned.ts";
import type { Verdict } from "../steps/definitions.ts";
import type { OpenCall } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";
import { callOf, definitionOf, type Effect, type EffectContext } from "./effect.ts";
import { write } from "./journal.ts";
import { recordStep } from "./perform-turn.ts";

/** Shows the step to people, and binds their decision to exactly what they see. */
export const requestApproval: Effect<"request_approval"> = async function* (command, thread, agent, context) {
  const call = callOf(thread, command.callId);
  const preview = await previewOf(call, thread, agent, context);
  yield write(approvalRequest({ ...command, call }, thread, agent, { preview, now: context.clock.now() }));
};

/** What the tool says the call would change; `undefined` if it does not say. What it throws is the preview. */
export async function previewOf(
  { step, requester }: OpenCall,
  thread: Thread,
  agent: Agent,
  { signal }: Pick<EffectContext, "signal">,
): Promise<Json | undefined> {
  const definition = agent.steps.get(step.intent);
  if (definition?.kind !== "tool" || definition.options.preview === undefined) return undefined;
  try {
    const credential = await credentialsFor(definition.options.credentials ?? [], agent, requester, signal);
    return toJson(await definition.options.preview(step, { thread, signal, credential }));
  } catch (error) {
    return { preview_failed: compactError(error, (text) => agent.context.hide(text, thread, step)).message };
  }
}

const VERDICTS: readonly Verdict["verdict"][] = ["pass", "refuse", "ask_person"];

/** The verdict is an event; a judge that fails leaves the decision to a person. */
export const judgeStep: Effect<"judge_step"> = async function* (
  { callId, intent },
  thread,
  agent,
  { signal, model },
) {
  const { step, fidelity } = callOf(thread, callId);
  const judge = agent.steps.get(intent)?.options.judge;
  if (judge === undefined) return;
  const helper = createHelper(thread, { model, signal });
  let judged: Verdict;
  try {
    const { verdict, reason } = await judge(step, { ...helper, fidelity });
    if (!VERDICTS.includes(verdict)) throw new TypeError(`its verdict is none of ${VERDICTS.join(", ")}`);
    judged = { verdict, reason: String(reason) };
  } catch (error) {
    if (signal.aborted) return;
    judged = { verdict: "ask_person", reason: `the judge failed: ${compactError(error).message}` };
  }
  yield write({ type: "step_judged", data: { callId, ...judged, ...helper.countSpent() } });
};

export const askHuman: Effect<"ask_human"> = ({ callId, intent }, thread, agent) =>
  recordStep(callId, thread, agent, () => {
    const { ask, options } = definitionOf(agent, intent, "ask_human");
    const { step } = callOf(thread, callId);
    const asked = ask(step);
    checkQuestion(asked);
    // A `to` that is there and says nothing is a mistake, not everybody.
    const declared =
      options.to === undefined
        ? undefined
        : checkAddressees(typeof options.to === "function" ? options.to(step, { thread }) : options.to);
    const to = "to" in asked ? checkAddressees(asked.to ?? declared, declared) : declared;
    // Nothing but these: a handler may hand on whatever else the model wrote into the step.
    const { question, context, options: shown } = asked;
    return [
      { type: "human_asked", data: { kind: "question", callId, question, context, options: shown, to } },
    ];
  });

export const askForHelp: Effect<"ask_for_help"> = ({ kind, question, callId, version }) => [
  write({
    type: "human_asked",
    data: { kind, question, callId: callId ?? undefined, version },
  }),
];

/** Tells people something and goes on: a tool call whose effect is an entry in the thread. */
export const tellProgress: Effect<"tell_progress"> = ({ callId, intent }, thread, agent) =>
  recordStep(callId, thread, agent, () => {
    const { step, phase } = callOf(thread, callId);
    const text = definitionOf(agent, intent, "progress").message(step);
    checkText("what the step's handler tells people", text);
    const key = `${thread.id}:${callId}`;
    const attempt = phase.kind === "started" ? phase.attempt + 1 : 1;
    return [
      { type: "tool_started", data: { callId, intent, key, attempt } },
      { type: "notified", data: { callId, channel: "thread", ok: true, text } },
      { type: "tool_finished", data: { callId, result: "told" } },
    ];
  });
