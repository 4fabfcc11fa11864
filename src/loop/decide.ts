import type { Agent } from "../agent/agent.ts";
import { reachedBudget } from "../agent/budget.ts";
import { missingPrefetches } from "../agent/prefetch.ts";
import { digestOf } from "../base/digest.ts";
import { approvalDigest } from "../humans/approval-digest.ts";
import type { StepDefinition } from "../steps/definitions.ts";
import { approvalFor, isIdempotent, permissionFor } from "../steps/permission.ts";
import type { Step } from "../thread/events.ts";
import type { CallPhase, OpenCall, ThreadState } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";
import type { Command } from "./command.ts";

const WAIT: Command = { type: "wait" };

/** What to do now. Pure: the same thread and agent give the same command in every process. */
export function decide(thread: Thread, agent: Agent): Command {
  const { state } = thread;
  if (state.status.kind !== "running") return WAIT;
  if (state.stop !== null) return { type: "fail", name: "Stopped", message: state.stop.reason };
  if (state.interrupted) {
    return { type: "drop_steps", calls: state.calls, reason: "the step before them did not succeed" };
  }
  const call = state.calls[0];
  return call === undefined ? decideTurn(thread, agent) : decideCall(thread, agent, call);
}

/** No step is open: ask the model, unless a limit says otherwise. */
function decideTurn(thread: Thread, agent: Agent): Command {
  const { state } = thread;
  const { limits, budget } = agent;
  if (state.consecutiveErrors >= limits.consecutiveErrors) {
    return limitReached(state, limits, `${state.consecutiveErrors} errors in a row`);
  }
  const [exhausted] = exhaustedTools(state, limits);
  if (exhausted !== undefined)
    return limitReached(state, limits, `${exhausted} failed ${state.failures[exhausted]} times`);
  if (state.repeats.count >= limits.repeats) {
    if (state.repeatRefusals > 0)
      return limitReached(state, limits, "the same step with the same outcome again and again");
    const message = `You have taken this step ${state.repeats.count} times with the same outcome. Do something else, ask, or finish.`;
    return { type: "refuse_step", call: null, reason: "repeated", message };
  }
  const reached = reachedBudget(thread, budget);
  if (reached !== undefined) return { type: "reach_budget", ...reached };
  const names = missingPrefetches(state, agent.prefetch);
  return names.length > 0 ? { type: "prefetch", names } : { type: "ask_model" };
}

/** Tools that have failed as often as they may since they last succeeded, or since a reset. */
function exhaustedTools({ failures, setAside }: ThreadState, { attemptsPerTool }: Agent["limits"]): string[] {
  return Object.keys(failures).filter((intent) => {
    const before = Object.hasOwn(setAside, intent) ? (setAside[intent] ?? 0) : 0;
    return (failures[intent] ?? 0) - before >= attemptsPerTool;
  });
}

function limitReached(state: ThreadState, limits: Agent["limits"], what: string): Command {
  const { onLimit } = limits;
  if (onLimit === "stop") return { type: "fail", name: "ErrorLimit", message: what };
  if (onLimit === "reset" && mayReset(state, limits)) return { type: "reset_errors" };
  const again = state.errorsReset ? ", also after its failed attempts were set aside" : "";
  return {
    type: "ask_people",
    kind: "escalation",
    question: `The agent is stuck: ${what}${again}. Go on (you may add guidance), or stop?`,
  };
}

/** A fresh start is given once, to the thread and to each tool: otherwise the loop might never end. */
function mayReset(state: ThreadState, limits: Agent["limits"]): boolean {
  if (state.errorsReset || state.consecutiveErrors === 0) return false;
  return !exhaustedTools(state, limits).some((intent) => Object.hasOwn(state.setAside, intent));
}

function decideCall(thread: Thread, agent: Agent, call: OpenCall): Command {
  const definition = agent.steps.get(call.step.intent);
  const { phase } = call;
  switch (phase.kind) {
    case "started":
      // Whoever started it is gone: a living worker holds the claim on the thread.
      return definition?.kind === "tool" && isIdempotent(definition)
        ? { type: "run_tool", call, definition }
        : { type: "mark_unknown", call };
    case "unknown":
      return {
        type: "ask_people",
        kind: "unknown_outcome",
        call,
        question: `${call.step.intent} was started and its process ended before the outcome was recorded. Did it happen?`,
      };
    case "to_run_again":
      // The tool may be gone since: it did not happen, and the model is told so.
      return definition?.kind === "tool"
        ? { type: "run_tool", call, definition }
        : unknownIntent(agent, call);
    case "proposed":
    case "judged":
    case "approved":
      return definition === undefined
        ? unknownIntent(agent, call)
        : decideStep(thread, agent, call, phase, definition);
    case "awaiting_approval":
    case "awaiting_answer":
    case "sleeping":
    case "awaiting_event":
    case "awaiting_child":
      return WAIT;
    default:
      return phase satisfies never;
  }
}

function unknownIntent(agent: Agent, call: OpenCall): Command {
  const known = [...agent.steps.keys()].join(", ");
  const message = `There is no step "${call.step.intent}". Valid steps: ${known}.`;
  return { type: "refuse_step", call, reason: "unknown_intent", message };
}

function decideStep(
  thread: Thread,
  agent: Agent,
  call: OpenCall,
  phase: Extract<CallPhase, { kind: "proposed" | "judged" | "approved" }>,
  definition: StepDefinition<Step>,
): Command {
  if (phase.kind === "proposed" && definition.options.judge !== undefined && call.editedBy === null) {
    return { type: "judge_step", call, definition };
  }
  if (phase.kind === "judged" && phase.verdict === "refuse") {
    return { type: "refuse_step", call, reason: "judge", message: phase.reason };
  }
  if (phase.kind === "approved") {
    return approvalHolds(thread, agent, call, phase, definition)
      ? dispatch(thread, call, definition)
      : requestAgain(thread, call, phase, definition);
  }
  const untrusted = definition.options.approveWhenUntrusted === true ? agent.context.untrustedIn(thread) : [];
  const permission = permissionFor(definition, call, thread, untrusted);
  switch (permission.kind) {
    case "run":
      return dispatch(thread, call, definition);
    case "refuse":
      return { type: "refuse_step", call, reason: "doubtful", message: permission.message };
    case "approve":
      return {
        type: "request_approval",
        call,
        definition,
        policy: permission.policy,
        reasons: permission.reasons,
      };
    default:
      return permission satisfies never;
  }
}

/** An approval covers exactly what was shown: tool, prompt and policy must be the same now as they were then. */
function approvalHolds(
  thread: Thread,
  agent: Agent,
  call: OpenCall,
  phase: Extract<CallPhase, { kind: "approved" }>,
  definition: StepDefinition<Step>,
): boolean {
  const subject = {
    threadId: thread.id,
    callId: call.callId,
    tool: toolVersion(call.step.intent, definition),
    promptVersion: agent.nextStep.version,
    policy: policyNow(thread, call, definition),
    card: phase.card,
  };
  return approvalDigest(subject) === phase.digest;
}

function requestAgain(
  thread: Thread,
  call: OpenCall,
  phase: Extract<CallPhase, { kind: "approved" }>,
  definition: StepDefinition<Step>,
): Command {
  const changed = "something changed since it was approved";
  const reasons = [...phase.card.reasons.filter((reason) => reason !== changed), changed];
  return { type: "request_approval", call, definition, policy: policyNow(thread, call, definition), reasons };
}

function policyNow(thread: Thread, call: OpenCall, definition: StepDefinition<Step>) {
  const approval = approvalFor(definition, call, thread);
  return typeof approval === "object" ? approval : {};
}

/** Names what would run: changes with the declared version or, without one, with the tool's own code. */
export function toolVersion(intent: string, definition: StepDefinition<Step>): string {
  const { version } = definition.options;
  if (version !== undefined) return `${intent}@${version}`;
  if (definition.kind !== "tool") return `${intent}#${definition.kind}`;
  const { readOnly = false, idempotent = false } = definition.options;
  return `${intent}#${digestOf([definition.run.toString(), readOnly, idempotent]).slice(0, 16)}`;
}

function dispatch(thread: Thread, call: OpenCall, definition: StepDefinition<Step>): Command {
  switch (definition.kind) {
    case "tool":
      return { type: "run_tool", call, definition };
    case "ask_human":
      return { type: "ask_human", call, definition };
    case "sleep":
      return { type: "sleep", call, definition };
    case "wait_for_event":
      return { type: "wait_for_event", call, definition };
    case "progress":
      return { type: "tell_progress", call, definition };
    case "finish":
    case "nothing": {
      const rest = thread.state.calls.slice(1);
      return rest.length === 0
        ? { type: "finish", call, definition }
        : { type: "drop_steps", calls: rest, reason: `${call.step.intent} ends the run` };
    }
    default:
      return definition satisfies never;
  }
}
