import { shownThread } from "../agent/shown-thread.ts";
import { requestIdOf } from "../base/ids.ts";
import { compactError } from "../context/blocks/errors.ts";
import type { UpdateNotice } from "../humans/channel.ts";
import { deliveryBackoffMs, newsDueAt } from "../thread/projection.ts";
import type { RequestUpdate } from "../thread/state.ts";
import { type Thread, threadOf } from "../thread/thread.ts";
import { mayClose } from "../thread/updates.ts";
import { type Outcome, type TellingOptions, withinTime } from "./tellings.ts";

/** Brings the messages of channels up to date while a worker holds the thread. */
export interface Updates {
  /**
   * Begins to tell what is due: the run goes on, and what fails is tried again. With `atRest`, the worker has nothing else to
   * do: what fails, or has failed before, is left for later.
   */
  tell(atRest?: boolean): Promise<void>;
}

/**
 * Tells the channels that have told people of a request what has become of it. What happened is on disk before; each attempt is
 * recorded, and a failed one is made again later.
 */
export function createUpdates(options: TellingOptions): Updates {
  const { journal, signal, clock, tellings } = options;
  let resting = new AbortController();
  const keyOf = ({ request, channel }: RequestUpdate) => `${request} ${channel}`;
  const isUnderWay = (update: RequestUpdate) =>
    tellings.isUnderWay(keyOf(update)) ||
    tellings.hasEnded(({ about, channel }) => about === update.seq && channel === update.channel);

  /** Tries until it succeeds or the worker has nothing else to do: what is to be tried after that is in the thread. */
  async function attempt(update: RequestUpdate, thread: Thread): Promise<Outcome | undefined> {
    for (let tries = 1; ; tries++) {
      const outcome = await makeUpdate(update, thread, options);
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
      const told = attempt(update, thread).then(
        (outcome) => outcome && { channel, request, about, ...outcome },
      );
      tellings.add(keyOf(update), told);
    }
  }

  return {
    tell(atRest = false) {
      if (atRest) resting.abort();
      else if (resting.signal.aborted) resting = new AbortController();
      return begin();
    },
  };
}

/** How an attempt ended; `undefined`: it was interrupted, and nobody knows. Never rejects. */
async function makeUpdate(
  update: RequestUpdate,
  thread: Thread,
  { agent, channels, store, signal, people }: TellingOptions,
): Promise<Outcome | undefined> {
  try {
    const channel = channels.find(({ name }) => name === update.channel);
    if (channel === undefined) throw new Error("this process has no such channel");
    const notice = channel.update === undefined ? undefined : noticeOf(update, thread, { agent, people });
    if (notice === undefined) return { ok: true, skipped: true };
    const tell = (until: AbortSignal) => channel.update?.(notice, store, until);
    await withinTime(tell, { signal, isRepeatable: true });
    return { ok: true };
  } catch (error) {
    return signal.aborted ? undefined : { ok: false, error: compactError(error) };
  }
}

/** What the channel is told; `undefined` for an event that says nothing of the request. */
function noticeOf(
  { request: seq, seq: about }: RequestUpdate,
  whole: Thread,
  { agent, people }: Pick<TellingOptions, "agent" | "people">,
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
