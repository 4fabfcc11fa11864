import type { Agent } from "../agent/agent.ts";
import { canonicalJson } from "../base/json.ts";
import { coversSubject } from "../humans/approval-digest.ts";
import { approvalSubject } from "../loop/approval-subject.ts";
import type { NewEvent, ThreadEvent } from "../thread/events.ts";
import { cardWithSentences } from "../thread/old-reasons.ts";
import type { Thread } from "../thread/thread.ts";

/**
 * An event made now, with the card and the digest of the recorded one where an earlier release wrote the same card in
 * another form: what was approved is the same.
 */
export function asRecorded(
  made: NewEvent,
  recorded: ThreadEvent | undefined,
  thread: Thread,
  agent: Agent,
): NewEvent {
  if (made.type !== "approval_requested" || recorded?.type !== "approval_requested") return made;
  const { digest, card } = recorded.data;
  const [before, now] = [card, made.data.card].map(cardWithSentences);
  if (before === undefined || now === undefined || canonicalJson(before) !== canonicalJson(now)) return made;
  const call = thread.state.calls.find(({ callId }) => callId === made.data.callId);
  if (call === undefined || !coversSubject(digest, approvalSubject(thread, agent, call, made.data)))
    return made;
  return { ...made, data: { ...made.data, card, digest } };
}
