import { sameness } from "../humans/approvers.ts";
import { principalKey } from "../humans/principal.ts";
import type { PartInCall } from "../humans/still-allowed.ts";
import type { NewEvent, Principal } from "../thread/events.ts";
import type { CallPhase, OpenCall } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";
import type { Command, CommandType } from "./command.ts";
import { callOf, type EffectContext } from "./effect.ts";

type Approved = Extract<CallPhase, { kind: "approved" }>;

type Checked = { readonly command: Command } | { readonly problem: NewEvent };

/** What changes nothing for anybody: for whom it is done is not asked. */
const HARMLESS: ReadonlySet<CommandType> = new Set([
  "ask_human",
  "sleep",
  "wait_for_event",
  "tell_progress",
  "finish",
]);

/**
 * What keeps calls from running for their requester, or on the word of their approvers, although all was well when they said
 * it. An approver who does not count any more means that people are asked again; without its requester a call is refused.
 * Of several calls it keeps those before the first that may not run.
 */
export async function recheckPeople(
  checked: Checked,
  thread: Thread,
  context: EffectContext,
): Promise<Checked> {
  if ("problem" in checked) return checked;
  const { command } = checked;
  if (command.type === "request_approval" || command.type === "judge_step") return checked;
  const callIds =
    command.type === "run_tools" ? command.callIds : "intent" in command ? [command.callId] : [];
  for (const [index, callId] of callIds.entries()) {
    const about = { thread, call: callOf(thread, callId), context };
    const problem = await problemWith(about, HARMLESS.has(command.type));
    if (problem === undefined) continue;
    if (index === 0 || command.type !== "run_tools") return { problem };
    return { command: { ...command, callIds: command.callIds.slice(0, index) } };
  }
  return checked;
}

interface About {
  readonly thread: Thread;
  readonly call: OpenCall;
  readonly context: EffectContext;
}

async function problemWith(about: About, isHarmless: boolean): Promise<NewEvent | undefined> {
  const { callId, phase, requester, step } = about.call;
  // What has started was checked before; it is only brought to its end.
  if (phase.kind === "started") return;
  if (phase.kind === "approved") {
    const lost = await lostApprover(about, phase);
    if (lost !== undefined) return lapse(phase, lost);
  }
  if (isHarmless || requester === null || (await isAllowed(requester, "requester", about))) return;
  const message = `${principalKey(requester)}, for whom ${step.intent} would run, is not allowed to ask for it any more: it did not run, and it will not if you propose it again.`;
  return { type: "step_refused", data: { reason: "requester", message, callId } };
}

/** The first approver who is the requester or another approver after all, or who is not allowed any more. */
async function lostApprover(about: About, { policy, by }: Approved): Promise<Principal | undefined> {
  const { requesters } = about.thread.state;
  for (const [index, person] of by.entries()) {
    const approval = { policy, approvedBy: by.slice(0, index) };
    const { people = {} } = about.context;
    if (sameness({ approval, requesters, people }, person, "approved") !== undefined) return person;
    if (!(await isAllowed(person, "approver", about))) return person;
  }
  return undefined;
}

async function isAllowed(person: Principal, role: PartInCall["role"], about: About): Promise<boolean> {
  const { stillAllowed, signal } = about.context;
  if (stillAllowed === undefined) return true;
  const { id: threadId, state } = about.thread;
  const part = { role, agent: state.agent, intent: about.call.step.intent, threadId, signal };
  return (await stillAllowed(person, part)) === true;
}

function lapse({ request }: Approved, person: Principal): NewEvent {
  const because = { kind: "approver", who: principalKey(person) } as const;
  return { type: "request_expired", data: { request, outcome: "ask_again", because } };
}
