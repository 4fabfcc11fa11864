import { isoTime } from "../src/base/clock.ts";
import { sha256 } from "../src/base/digest.ts";
import { callIdAt, randomThreadId, type ThreadId } from "../src/base/ids.ts";
import type { ThreadProjection } from "../src/store/store.ts";
import { EVENTS, type NewEvent, type ThreadEvent } from "../src/thread/events.ts";

/** A projection of a working thread. */
export function working(differences: Partial<ThreadProjection> = {}): ThreadProjection {
  return {
    agent: "calculator",
    status: "running",
    subject: "refunds",
    requester: null,
    tokens: 0,
    title: "can you multiply 3 and 4, then divide the result by 2 and then add 12 to that result?",
    wantsAdvance: true,
    wakeAt: null,
    pendingRequest: null,
    awaitedEvent: null,
    parentThreadId: null,
    ...differences,
  };
}

/** The event with this number of a thread that adds: proposed, started and finished steps in turn. */
export function sampleEvent(seq: number, time = Date.now()): ThreadEvent {
  const event: NewEvent = seq === 1 ? { type: "thread_started", data: { agent: "calculator" } } : step(seq);
  return { seq, at: isoTime(time), v: EVENTS[event.type].version, ...event };
}

function step(seq: number): NewEvent {
  const callId = callIdAt(seq - ((seq - 2) % 3));
  switch ((seq - 2) % 3) {
    case 1:
      return { type: "tool_started", data: { callId, intent: "add", key: sha256(callId), attempt: 1 } };
    case 2:
      return { type: "tool_finished", data: { callId, result: seq * 1.5 } };
    default:
      return {
        type: "step_proposed",
        data: {
          callId,
          step: { intent: "add", a: seq, b: seq / 2 },
          fidelity: { grade: "exact", reasons: [] },
          completion: {
            raw: `I should add the two numbers now.\n\`\`\`json\n{ "intent": "add", "a": ${seq}, "b": ${seq / 2} }\n\`\`\``,
            client: "openai/gpt-5-mini",
            usage: { inputTokens: 812 + seq, outputTokens: 33, cachedInputTokens: 0 },
            durationMs: 412,
            requestDigest: sha256(`request ${seq}`),
          },
        },
      };
  }
}

/** All events of a thread that has made so many steps. */
export function sampleThread(steps: number): {
  readonly id: ThreadId;
  readonly events: readonly ThreadEvent[];
} {
  return {
    id: randomThreadId(),
    events: Array.from({ length: 1 + 3 * steps }, (_, index) => sampleEvent(index + 1)),
  };
}
