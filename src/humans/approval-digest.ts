import { digestOf } from "../base/digest.ts";
import type { CallId, ThreadId } from "../base/ids.ts";
import { toJson } from "../base/json.ts";
import type { ApprovalCard, ApprovalPolicy } from "../thread/events.ts";

/** Everything a decision is about. A change of any part gives another digest, and the approval lapses. */
export interface ApprovalSubject {
  readonly threadId: ThreadId;
  readonly callId: CallId;
  /** What will run: changes with the tool's code or declared version. */
  readonly tool: string;
  readonly promptVersion: string;
  readonly policy: ApprovalPolicy;
  /** What the approver is shown, the arguments included. */
  readonly card: ApprovalCard;
}

/** SHA-256 over the canonical JSON of the subject. The thread id is part of it: a fork asks again. */
export function approvalDigest(subject: ApprovalSubject): string {
  return digestOf(toJson(subject));
}
