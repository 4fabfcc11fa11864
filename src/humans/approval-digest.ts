import { digestOf } from "../base/digest.ts";
import type { CallId, ThreadId } from "../base/ids.ts";
import { toJson } from "../base/json.ts";
import type { ApprovalCard, ApprovalPolicy } from "../thread/events.ts";
import { cardWithSentences } from "../thread/old-reasons.ts";

/** Everything a decision is about. If any part changes, so does the digest, and the approval lapses. */
export interface ApprovalSubject {
  readonly threadId: ThreadId;
  readonly callId: CallId;
  /** Identifies what will run: changes with the tool's code or declared version. */
  readonly tool: string;
  readonly promptVersion: string;
  readonly policy: ApprovalPolicy;
  /** What the approver is shown, including the arguments. */
  readonly card: ApprovalCard;
}

/** SHA-256 over the canonical JSON of the subject. The thread id is part of it: a fork asks again. */
export function approvalDigest(subject: ApprovalSubject): string {
  return digestOf(toJson(subject));
}

/**
 * Whether a decision that carries this digest is about this subject. In release 0.1.0 the digest covered a card whose
 * reasons were sentences; approvals requested then remain valid.
 */
export function coversSubject(digest: string, subject: ApprovalSubject): boolean {
  if (digest === approvalDigest(subject)) return true;
  const card = cardWithSentences(subject.card);
  return card !== undefined && digest === digestOf(toJson({ ...subject, card }));
}
