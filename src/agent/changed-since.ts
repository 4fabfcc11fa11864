import { canonicalJson, toJson } from "../base/json.ts";
import { coversSubject } from "../humans/approval-digest.ts";
import type { Thread } from "../thread/thread.ts";
import type { Agent } from "./agent.ts";
import { approvalNow } from "./approval-now.ts";
import { approvalSubject } from "./approval-subject.ts";

/**
 * In words, what has changed since the pending approval was asked for, so that to approve it would only have it asked for again;
 * `null` if it is not known that anything has. `thread` is the thread itself, not what people read of it.
 */
export function changedSince(thread: Thread, agent: Agent): string | null {
  const { request, calls } = thread.state;
  const call = calls.find(({ callId }) => callId === request?.callId);
  if (request?.type !== "approval" || call === undefined) return null;
  const { card, digest, policy } = request;
  if (!agent.steps.has(call.step.intent)) return "the agent has no such step any more";
  const isAsShown = coversSubject(digest, approvalSubject(thread, agent, call, { card, policy }));
  const now = approvalNow(thread, agent, call).policy ?? {};
  const isSamePolicy = canonicalJson(toJson(now)) === canonicalJson(toJson(policy));
  if (isAsShown) return isSamePolicy ? null : "the rule of who must approve it has changed";
  const also = isSamePolicy ? "" : ", and the rule of who must approve it,";
  return `the code of the tool or the prompt${also} has changed`;
}
