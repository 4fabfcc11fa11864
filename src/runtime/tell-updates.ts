import type { Agent } from "../agent/agent.ts";
import { shownThread } from "../agent/shown-thread.ts";
import { withDeadline } from "../base/deadlines.ts";
import { requestIdOf } from "../base/ids.ts";
import { compactError } from "../context/blocks/errors.ts";
import type { UpdateNotice } from "../humans/channel.ts";
import type { People } from "../humans/people.ts";
import { write } from "../loop/journal.ts";
import type { EventData } from "../thread/events.ts";
import { deliveryBackoffMs, newsDueAt } from "../thread/projection.ts";
import type { RequestUpdate } from "../thread/state.ts";
import { type Thread, threadOf } from "../thread/thread.ts";
import { mayClose } from "../thread/updates.ts";
import type { StoreJournal } from "./store-journal.ts";
import type { TellNewsOptions } from "./tell-news.ts";

/** How long a channel may take, in ms. */
const UPDATE_MS = 60_000;

/** Brings the messages of channels up to date while a worker holds the thread. */
export interface Updates {
  /** Records what has been told meanwhile, and begins to tell what is due: the run goes on, and what fails is tried again. */
  tell(): Promise<void>;
  /** Tells all that is due, and resolves when the outcome is recorded. To be called before the thread is let go. */
  settle(): Promise<void>;
}

type Outcome = Pick<EventData["notified"], "ok" | "skipped" | "error">;

/**
 * Tells the channels that have told people of a request what has become of it. What happened is on disk before; each attempt is
 * recorded, and a failed one is made again later. Only the worker itself writes to the journal.
 */
export function createUpdates(journal: StoreJournal, agent: Agent, options: TellNewsOptions): Updates {
  const { signal, clock } = options;
  const underWay = new Map<string, Promise<void>>();
  const ended: EventData["notified"][] = [];
  const keyOf = ({ request, channel }: RequestUpdate) => `${request} ${channel}`;
  let resting = new AbortController();

  const isUnderWay = (update: RequestUpdate) =>
    underWay.has(keyOf(update)) ||
    ended.some(({ about, channel }) => about === update.seq && channel === update.channel);

  async function record(): Promise<void> {
    for (let data = ended.shift(); data !== undefined; data = ended.shift())
      await journal.append({ ...write({ type: "notified", data }), onConflict: "keep" });
  }

  /** Tries until it succeeds or the worker has nothing else to do: what is to be tried after that is in the thread. */
  async function attempt(update: RequestUpdate, thread: Thread): Promise<Outcome | undefined> {
    for (let tries = 1; ; tries++) {
      const outcome = await makeUpdate(update, thread, { agent, ...options });
      if (outcome?.ok !== false) return outcome;
      const rest = AbortSignal.any([signal, resting.signal]);
      const slept = await clock.sleep(deliveryBackoffMs(tries), rest).then(
        () => true,
        () => false,
      );
      if (!slept) return outcome;
    }
  }

  async function begin(): Promise<void> {
    const isDue = (update: RequestUpdate) => !isUnderWay(update) && newsDueAt(update) <= clock.now();
    if (signal.aborted || !journal.thread.state.updates.some(isDue)) return;
    // What is told must be on disk.
    await journal.flush();
    const { thread } = journal;
    for (const update of thread.state.updates.filter(isDue)) {
      const { channel, request, seq: about } = update;
      const told = attempt(update, thread).then((outcome) => {
        underWay.delete(keyOf(update));
        if (outcome !== undefined) ended.push({ channel, request, about, ...outcome });
      });
      underWay.set(keyOf(update), told);
    }
  }

  async function tell(): Promise<void> {
    await record();
    await begin();
  }

  return {
    tell() {
      if (resting.signal.aborted) resting = new AbortController();
      return tell();
    },
    async settle() {
      resting.abort();
      do {
        await tell();
        await Promise.all(underWay.values());
      } while (ended.length > 0);
    },
  };
}

/** How an attempt ended; `undefined`: it was interrupted, and nobody knows. Never rejects. */
async function makeUpdate(
  update: RequestUpdate,
  thread: Thread,
  { agent, channels, store, signal, people }: TellNewsOptions & { readonly agent: Agent },
): Promise<Outcome | undefined> {
  try {
    const channel = channels.find(({ name }) => name === update.channel);
    if (channel === undefined) throw new Error("this process has no such channel");
    const notice = channel.update === undefined ? undefined : noticeOf(update, thread, { agent, people });
    if (notice === undefined) return { ok: true, skipped: true };
    await withDeadline((signal) => channel.update?.(notice, store, signal), { ms: UPDATE_MS, signal });
    return { ok: true };
  } catch (error) {
    return signal.aborted ? undefined : { ok: false, error: compactError(error) };
  }
}

/** What the channel is told; `undefined` for an event that says nothing of the request. */
function noticeOf(
  { request: seq, seq: about }: RequestUpdate,
  whole: Thread,
  { agent, people }: { readonly agent: Agent; readonly people: People },
) {
  const thread = shownThread(threadOf(whole.id, whole.events.slice(0, about)), agent);
  const by = thread.events[about - 1];
  if (by === undefined || !mayClose(by)) return undefined;
  const told = { threadId: whole.id, requestId: requestIdOf(whole.id, seq), thread, people };
  const { request: still } = thread.state;
  if (still?.seq === seq) {
    return by.type === "human_responded"
      ? ({ ...told, kind: "approved", request: still, by } satisfies UpdateNotice)
      : undefined;
  }
  const before = shownThread(threadOf(whole.id, whole.events.slice(0, about - 1)), agent).state.request;
  return before?.seq === seq
    ? ({ ...told, kind: "closed", request: before, by } satisfies UpdateNotice)
    : undefined;
}
