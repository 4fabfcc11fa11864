import { coversSubject } from "../humans/approval-digest.ts";
import { inputsAfter } from "../humans/card-facts.ts";
import { approvalFor, type DeclaredApproval } from "../steps/permission.ts";
import type { ApprovalCard } from "../thread/events.ts";
import type { OpenCall } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";
import type { Agent } from "./agent.ts";
import { approvalSubject } from "./approval-subject.ts";

/** An approval that was requested or given: what was shown, and the request's number. */
export interface ShownApproval {
  readonly card: ApprovalCard;
  readonly digest: string;
  readonly request: number;
}

/** Which approval the agent's rules want of a call now. */
export function approvalNow(thread: Thread, agent: Agent, call: OpenCall): DeclaredApproval {
  const definition = agent.steps.get(call.step.intent);
  return definition === undefined ? { policy: {}, fault: undefined } : approvalFor(definition, call, thread);
}

/** An approval covers exactly what was shown: tool, prompt and policy must not have changed since. */
export function approvalHolds(thread: Thread, agent: Agent, call: OpenCall, shown: ShownApproval): boolean {
  // Whoever approved it did not know of this.
  if (inputsAfter(thread, shown.request) !== undefined) return false;
  const { card, digest } = shown;
  const policy = approvalNow(thread, agent, call).policy ?? {};
  return coversSubject(digest, approvalSubject(thread, agent, call, { card, policy }));
}
