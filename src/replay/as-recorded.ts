import type { Agent } from "../agent/agent.ts";
import { approvalSubject } from "../agent/approval-subject.ts";
import { canonicalJson } from "../base/json.ts";
import { coversSubject } from "../humans/approval-digest.ts";
import type {
  ApprovalCard,
  HumanRequestKind,
  NewEvent,
  RefusalReason,
  ThreadEvent,
} from "../thread/events.ts";
import { cardWithSentences } from "../thread/old-reasons.ts";
import type { Thread } from "../thread/thread.ts";

/** Refusals and requests whose words are the engine's own. */
const OWN_REFUSALS: ReadonlySet<RefusalReason> = new Set(["unknown_intent", "doubtful", "repeated"]);
const OWN_REQUESTS: ReadonlySet<HumanRequestKind> = new Set(["escalation", "budget", "unknown_outcome"]);

/** Keeps the recorded words if today's engine words the same fact in another way. */
function withRecordedWords(made: NewEvent, { type, data }: ThreadEvent): NewEvent {
  if (made.type === "step_refused" && type === "step_refused" && OWN_REFUSALS.has(made.data.reason))
    return { ...made, data: { ...made.data, message: data.message } };
  if (made.type === "human_asked" && type === "human_asked" && OWN_REQUESTS.has(made.data.kind))
    return { ...made, data: { ...made.data, question: data.question } };
  if (made.type === "steps_dropped" && type === "steps_dropped")
    return { ...made, data: { ...made.data, reason: data.reason } };
  if (made.type === "tool_unknown" && type === "tool_unknown")
    return { ...made, data: { ...made.data, reason: data.reason } };
  if (made.type === "failed" && type === "failed" && made.data.error.name === data.error.name)
    return { ...made, data };
  return made;
}

/**
 * A newly made event in its recorded form: with the recorded words if the engine words the same fact in another way
 * today, and with the recorded card and digest if an earlier release wrote the same card in another form, because what
 * was approved is the same.
 */
export function asRecorded(
  made: NewEvent,
  recorded: ThreadEvent | undefined,
  thread: Thread,
  agent: Agent,
): NewEvent {
  if (recorded === undefined) return made;
  if (made.type !== "approval_requested" || recorded.type !== "approval_requested")
    return withRecordedWords(made, recorded);
  const { digest, card } = recorded.data;
  const [before, now] = [card, asEarlier(made.data.card, card)].map(cardWithSentences);
  if (before === undefined || now === undefined || canonicalJson(before) !== canonicalJson(now)) return made;
  const call = thread.state.calls.find(({ callId }) => callId === made.data.callId);
  const shown = { card, policy: made.data.policy };
  if (call === undefined || !coversSubject(digest, approvalSubject(thread, agent, call, shown))) return made;
  return { ...made, data: { ...made.data, card, digest } };
}

/** The card without what an earlier release did not put on cards: failures, and what was sent since. */
function asEarlier(made: ApprovalCard, recorded: ApprovalCard): ApprovalCard {
  const { failures, newer } = recorded;
  const reasons = made.reasons.filter(({ kind }) => kind !== "newer_input");
  return {
    ...made,
    failures: failures === undefined ? undefined : made.failures,
    newer: newer === undefined ? undefined : made.newer,
    reasons: newer === undefined ? reasons : made.reasons,
  };
}
