import { sameness } from "../humans/approvers.ts";
import type { People } from "../humans/people.ts";
import { principalKey } from "../humans/principal.ts";
import type { PartInCall, StillAllowed } from "../humans/still-allowed.ts";
import type { NewEvent, Principal } from "../thread/events.ts";
import type { CallPhase, OpenCall } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";

type Approved = Extract<CallPhase, { kind: "approved" }>;

interface About {
  readonly thread: Thread;
  readonly call: OpenCall;
  readonly context: {
    readonly people?: People | undefined;
    readonly stillAllowed?: StillAllowed | undefined;
    readonly signal: AbortSignal;
  };
}

/**
 * What keeps a call from running for its requester, or on the word of its approvers, although all was well when they said it.
 * An approver who does not count any more means that people are asked again; without its requester a call is refused.
 * For whom a harmless call is done, which changes nothing for anybody, is not asked.
 */
export async function recheckPeople(about: About, isHarmless: boolean): Promise<NewEvent | undefined> {
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
