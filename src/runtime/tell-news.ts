import type { Agent } from "../agent/agent.ts";
import { shownThread } from "../agent/shown-thread.ts";
import type { Clock } from "../base/clock.ts";
import { withDeadline } from "../base/deadlines.ts";
import { compactError } from "../context/blocks/errors.ts";
import type { Channel, ChannelValues, NewsNotice } from "../humans/channel.ts";
import type { People } from "../humans/people.ts";
import { write } from "../loop/journal.ts";
import type { EventData, ThreadEvent } from "../thread/events.ts";
import { newsDueAt } from "../thread/projection.ts";
import type { Thread } from "../thread/thread.ts";
import type { StoreJournal } from "./store-journal.ts";

export interface TellNewsOptions {
  readonly channels: readonly Channel[];
  readonly store: ChannelValues;
  readonly people: People;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Tells the channel that a thread comes from what has happened since: progress notes, and how a run ended. What happened is on
 * disk before; each delivery is recorded, and a failed one is tried again later.
 */
export async function tellNews(
  journal: StoreJournal,
  agent: Agent,
  { channels, store, clock, signal }: TellNewsOptions,
): Promise<void> {
  const { via, news } = journal.thread.state;
  if (via === null || news.length === 0) return;
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
    const outcome = await tell(notice, channel, { signal, store });
    if (outcome === undefined) return;
    const data: EventData["notified"] = { ...record, ...outcome };
    await journal.append({ ...write({ type: "notified", data }), onConflict: "keep" });
  }
}

type Outcome = Pick<EventData["notified"], "ok" | "skipped" | "error">;

/** How an attempt to tell one ended; `undefined`: it was interrupted, and nobody knows. */
async function tell(
  notice: NewsNotice | undefined,
  channel: Channel | undefined,
  { signal, store }: Pick<TellNewsOptions, "signal" | "store">,
): Promise<Outcome | undefined> {
  if (notice === undefined) return { ok: true, skipped: true };
  try {
    if (channel === undefined) throw new Error("this process has no such channel");
    if ((await withDeadline(() => channel.wants?.(notice), { signal })) === false)
      return { ok: true, skipped: true };
    await channel.deliver(notice, signal, store);
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
