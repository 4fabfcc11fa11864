import type { Agent } from "../agent/agent.ts";
import { approvalHolds, approvalNow } from "../agent/approval-now.ts";
import { reachedBudget } from "../agent/budget.ts";
import { missingPrefetches } from "../agent/prefetch.ts";
import { refusedVersion } from "../agent/version.ts";
import type { CallId } from "../base/ids.ts";
import { inputsAfter } from "../humans/card-facts.ts";
import type { StepDefinition } from "../steps/definitions.ts";
import { isIdempotent, isReadOnlyWork, permissionFor, reasonOfRule, warnings } from "../steps/permission.ts";
import type { ApprovalReason, Step, VersionChange } from "../thread/events.ts";
import { repeatedRound } from "../thread/repeats.ts";
import { repeatsAgain } from "../thread/repeats-again.ts";
import type { CallPhase, OpenCall, ThreadState } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";
import { type Command, MAX_AT_ONCE } from "./command.ts";

const WAIT: Command = { type: "wait" };

/** Says what to do now. Pure: for the same thread and agent, the command is the same in every process. */
export function decide(thread: Thread, agent: Agent): Command {
  const { state } = thread;
  if (state.status.kind !== "running") return WAIT;
  if (state.stop !== null) return { type: "fail", name: "Stopped", message: state.stop.reason };
  const version = refusedVersion(thread, agent);
  if (version !== undefined) return askAboutVersion(version);
  const call = state.calls[0];
  if (call === undefined) return decideTurn(thread, agent);
  if (state.interrupted !== null && state.interrupted !== call.group) {
    return dropSteps(state.calls, "the step before them did not succeed");
  }
  const command = decideCall(thread, agent, call);
  const { type } = command;
  return type === "run_tool" || type === "delegate" ? withNeighbours(command, thread, agent) : command;
}

function askAboutVersion({ from, to }: VersionChange): Command {
  const nameOf = (version: string | null) => (version === null ? "no version" : `version ${version}`);
  return {
    type: "ask_for_help",
    callId: null,
    kind: "version",
    version: { from, to },
    question: `The agent has ${nameOf(to)} now, and this thread has ${nameOf(from)}. Go on with the agent as it is now, or stop?`,
  };
}

/** The calls of the same kind that may run at the same time as the first, up to one that may not run yet. */
function withNeighbours(first: Command<"run_tool" | "delegate">, thread: Thread, agent: Agent): Command {
  const { calls } = thread.state;
  const runs = (call: OpenCall) =>
    call.group === calls[0]?.group &&
    isReadOnlyWork(agent.steps.get(call.step.intent)) &&
    decideCall(thread, agent, call).type === first.type;
  const end = calls.findIndex((call) => !runs(call));
  const callIds = (end === -1 ? calls : calls.slice(0, end)).map(({ callId }) => callId);
  if (callIds.length < 2) return first;
  return first.type === "run_tool"
    ? { type: "run_tools", callIds }
    : { type: "delegate", callIds: callIds.slice(0, MAX_AT_ONCE) };
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
  const repeated = decideRepeats(state, limits);
  if (repeated !== undefined) return repeated;
  const reached = reachedBudget(thread, budget);
  if (reached !== undefined) return { type: "reach_budget", ...reached };
  const names = missingPrefetches(thread, agent.prefetch);
  return names.length > 0 ? { type: "prefetch", names } : { type: "ask_model" };
}

/** The same steps have had the same outcomes again and again: the model is told once, then a person is asked. */
function decideRepeats(state: ThreadState, limits: Agent["limits"]): Command | undefined {
  const round = repeatedRound(state, limits.repeats);
  if (state.repeatRefusals > 1 || (state.repeatRefusals === 1 && round !== undefined)) {
    const what =
      (round?.steps ?? 1) > 1
        ? "the same steps in turn, with the same outcomes"
        : "the same step with the same outcome";
    return stopOrAsk(limits, `${what} again and again`);
  }
  if (round === undefined) return undefined;
  const { steps, times } = round;
  const what =
    steps === 1
      ? `You have taken this step ${times} times with the same outcome.`
      : `You have taken the last ${steps} steps in turn, ${times} times, with the same outcomes.`;
  const message = `${what} Do something else, ask, or finish.`;
  const inTurn = steps === 1 ? undefined : steps;
  return { type: "refuse_step", callId: null, reason: "repeated", message, inTurn };
}

/** Tools that have reached the limit of failures since their last success, or since a reset. */
function exhaustedTools({ failures, setAside }: ThreadState, { attemptsPerTool }: Agent["limits"]): string[] {
  return Object.keys(failures).filter((intent) => {
    const before = Object.hasOwn(setAside, intent) ? (setAside[intent] ?? 0) : 0;
    return (failures[intent] ?? 0) - before >= attemptsPerTool;
  });
}

function limitReached(state: ThreadState, limits: Agent["limits"], what: string): Command {
  if (limits.onLimit === "reset" && mayReset(state, limits)) return { type: "reset_errors" };
  return stopOrAsk(
    limits,
    state.errorsReset ? `${what}, also after its failed attempts were set aside` : what,
  );
}

function stopOrAsk({ onLimit }: Agent["limits"], what: string): Command {
  if (onLimit === "stop") return { type: "fail", name: "ErrorLimit", message: what };
  return {
    type: "ask_for_help",
    callId: null,
    kind: "escalation",
    question: `The agent is stuck: ${what}. Go on (you may add guidance), or stop?`,
  };
}

/** A reset is granted once to the thread and to each tool: otherwise the loop might never end. */
function mayReset(state: ThreadState, limits: Agent["limits"]): boolean {
  if (state.errorsReset || state.consecutiveErrors === 0) return false;
  return !exhaustedTools(state, limits).some((intent) => Object.hasOwn(state.setAside, intent));
}

function decideCall(thread: Thread, agent: Agent, call: OpenCall): Command {
  const definition = agent.steps.get(call.step.intent);
  const { phase, callId, step } = call;
  const { intent } = step;
  switch (phase.kind) {
    case "started":
      // The process that started it is gone: a living worker would hold the claim on the thread.
      return definition?.kind === "tool" && isIdempotent(definition)
        ? { type: "run_tool", callId, intent }
        : { type: "mark_unknown", callId };
    case "unknown":
      return {
        type: "ask_for_help",
        kind: "unknown_outcome",
        callId,
        question: `${intent} was started and its process ended before the outcome was recorded. Did it happen?`,
      };
    case "child_requested":
      return { type: "delegate", callIds: [callId] };
    case "to_run_again":
      // The tool may be gone since: it did not happen, and the model is told so.
      return definition?.kind === "tool" ? { type: "run_tool", callId, intent } : unknownIntent(agent, call);
    case "proposed":
    case "judged":
    case "approved":
      return definition === undefined
        ? unknownIntent(agent, call)
        : decideStep(thread, agent, { ...call, phase }, definition);
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
  return { type: "refuse_step", callId: call.callId, reason: "unknown_intent", message };
}

function decideStep(
  thread: Thread,
  agent: Agent,
  call: OpenCall & { readonly phase: Extract<CallPhase, { kind: "proposed" | "judged" | "approved" }> },
  definition: StepDefinition<Step>,
): Command {
  const { phase, callId } = call;
  const { intent } = call.step;
  if (phase.kind === "proposed" && repeatsAgain(thread, call)) {
    const message = "You were told that this step gives the same outcome every time. A person is asked.";
    return { type: "refuse_step", callId, reason: "repeated", message };
  }
  const isJudged = phase.kind === "judged" && isVerdictFresh(thread, callId);
  if (
    phase.kind !== "approved" &&
    !isJudged &&
    definition.options.judge !== undefined &&
    call.editedBy === null
  ) {
    return { type: "judge_step", callId, intent };
  }
  if (phase.kind === "judged" && phase.verdict === "refuse") {
    return { type: "refuse_step", callId, reason: "judge", message: phase.reason };
  }
  if (phase.kind === "approved") {
    return approvalHolds(thread, agent, call, phase)
      ? commandFor(thread, call, definition.kind)
      : requestAgain(thread, agent, call, phase);
  }
  const untrusted = definition.options.approveWhenUntrusted === true ? agent.context.untrustedIn(thread) : [];
  const permission = permissionFor(definition, call, thread, untrusted);
  switch (permission.kind) {
    case "run":
      return commandFor(thread, call, definition.kind);
    case "refuse":
      return { type: "refuse_step", callId, reason: "doubtful", message: permission.message };
    case "approve":
      return {
        type: "request_approval",
        callId,
        intent,
        policy: permission.policy,
        reasons: permission.reasons,
      };
    default:
      return permission satisfies never;
  }
}

/** The judge knew everything that requesters have sent. */
function isVerdictFresh(thread: Thread, callId: CallId): boolean {
  const verdict = thread.events.findLast(
    (event) => event.type === "step_judged" && event.data.callId === callId,
  );
  return verdict !== undefined && inputsAfter(thread, verdict.seq) === undefined;
}

function requestAgain(
  thread: Thread,
  agent: Agent,
  call: OpenCall,
  phase: Extract<CallPhase, { kind: "approved" }>,
): Command {
  const { card } = phase;
  const declared = approvalNow(thread, agent, call);
  const { policy, fault } = declared;
  const rule = reasonOfRule(declared);
  const stays = card.reasons
    .filter(({ kind }) => !OF_POLICY.has(kind))
    .map((reason) => (reason.kind === "policy" && rule.kind === "policy" ? rule : reason));
  const reasons: ApprovalReason[] = [
    ...(fault === undefined ? [] : [rule]),
    ...stays,
    ...(inputsAfter(thread, phase.request) === undefined ? [CHANGED] : []),
    ...warnings(policy ?? {}, thread, call),
  ];
  const { callId, step } = call;
  return { type: "request_approval", callId, intent: step.intent, policy: policy ?? {}, reasons };
}

const CHANGED = { kind: "changed" } as const satisfies ApprovalReason;

/** Reasons that are found anew with each request. */
const OF_POLICY: ReadonlySet<ApprovalReason["kind"]> = new Set([
  "changed",
  "faulty_policy",
  "unknown_requester",
  "newer_input",
  "approver",
  "look_alike",
]);

/** The step may run: what that means for its kind. */
function commandFor(
  thread: Thread,
  { callId, step, seq, missed, phase }: OpenCall,
  kind: StepDefinition<Step>["kind"],
): Command {
  const about = { callId, intent: step.intent };
  switch (kind) {
    case "tool":
      return { type: "run_tool", ...about };
    case "ask_human":
      return { type: "ask_human", ...about };
    case "sleep":
      return { type: "sleep", ...about };
    case "wait_for_event":
      return { type: "wait_for_event", ...about };
    case "delegate":
      return { type: "delegate", callIds: [callId] };
    case "progress":
      return { type: "tell_progress", ...about };
    case "finish":
    case "nothing": {
      if ((missed || thread.state.lastInput > seq) && phase.kind !== "approved")
        return dropSteps(thread.state.calls, "something came in that you had not read: take it into account");
      const rest = thread.state.calls.slice(1);
      return rest.length === 0
        ? { type: "finish", ...about }
        : dropSteps(rest, `${step.intent} ends the run`);
    }
    default:
      return kind satisfies never;
  }
}

function dropSteps(calls: readonly OpenCall[], reason: string): Command {
  return { type: "drop_steps", callIds: calls.map(({ callId }) => callId), reason };
}
