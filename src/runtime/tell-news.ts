import type { Agent } from "../agent/agent.ts";
import { shownThread } from "../agent/shown-thread.ts";
import { compactError } from "../context/blocks/errors.ts";
import type { Channel, NewsNotice } from "../humans/channel.ts";
import type { ThreadEvent } from "../thread/events.ts";
import { newsDueAt } from "../thread/projection.ts";
import type { Thread } from "../thread/thread.ts";
import { type Outcome, recordTold, type TellingOptions, withinTime } from "./tellings.ts";

/**
 * Tells the channel that a thread comes from what has happened since: progress notes, and how a run ended, one after the other.
 * What happened is on disk before; each delivery is recorded, and a failed one is tried again later. Waits for a delivery only
 * for a moment: then the run goes on, and so does the delivery.
 */
export async function tellNews(options: TellingOptions): Promise<void> {
  const { journal, agent, channels, clock, signal, tellings } = options;
  const { via, news } = journal.thread.state;
  if (via === null || news.length === 0) return;
  const key = deliveryKey(via.channel);
  if (tellings.isUnderWay(key)) return;
  // What is told must be on disk.
  await journal.flush();
  for (const one of news) {
    if (signal.aborted || newsDueAt(one) > clock.now()) continue;
    const mayBeRepeated = one.attempts > 0 || one.seq <= journal.readUpTo;
    const notice = noticeOf(shownThread(journal.thread, agent), agent, one.seq, {
      address: via.address,
      mayBeRepeated,
    });
    const record = { about: one.seq, channel: via.channel };
    const channel = channels.find(({ name }) => name === via.channel);
    const told = tell(notice, channel, options).then((outcome) => outcome && { ...record, ...outcome });
    tellings.add(key, told);
    await tellings.waitFor(key);
    await recordTold(options);
    if (tellings.isUnderWay(key)) return;
  }
}

/** The key of what is being delivered over a channel: one message at a time, so that they come in order. */
export function deliveryKey(channel: string): string {
  return `deliver ${channel}`;
}

/** How an attempt to tell one ended; `undefined`: it was interrupted, and nobody knows. Never rejects. */
async function tell(
  notice: NewsNotice | undefined,
  channel: Channel | undefined,
  { signal, store }: Pick<TellingOptions, "signal" | "store">,
): Promise<Outcome | undefined> {
  if (notice === undefined) return { ok: true, skipped: true };
  try {
    if (channel === undefined) throw new Error("this process has no such channel");
    if (channel.wants?.(notice) === false) return { ok: true, skipped: true };
    await withinTime((until) => channel.deliver(notice, until, store), { signal });
    return { ok: true };
  } catch (error) {
    return signal.aborted ? undefined : { ok: false, error: compactError(error) };
  }
}

/** The message about an event; `undefined` where there is nothing to tell: a run that ended because there was nothing to do. */
function noticeOf(
  thread: Thread,
  agent: Agent,
  seq: number,
  rest: Pick<NewsNotice, "address" | "mayBeRepeated">,
): NewsNotice | undefined {
  const event = thread.events[seq - 1];
  const about = { ...rest, id: `${thread.id}.${seq}`, threadId: thread.id, thread, seq };
  switch (event?.type) {
    case "notified":
      return { ...about, kind: "progress", text: event.data.text ?? "" };
    case "finished":
      return isNothing(thread, agent, event)
        ? undefined
        : { ...about, kind: "finished", result: event.data.result };
    case "failed":
      return { ...about, kind: "failed", error: event.data.error };
    case "cancelled":
      return { ...about, kind: "cancelled", by: event.data.by, reason: event.data.reason ?? null };
    default:
      return undefined;
  }
}

function isNothing(
  { events }: Thread,
  agent: Agent,
  { data: { callId } }: Extract<ThreadEvent, { type: "finished" }>,
): boolean {
  const proposed = events.find((event) => event.type === "step_proposed" && event.data.callId === callId);
  const intent = proposed?.type === "step_proposed" ? proposed.data.step.intent : undefined;
  return intent !== undefined && agent.steps.get(intent)?.kind === "nothing";
}
