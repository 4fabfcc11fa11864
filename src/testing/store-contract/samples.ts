import { isoTime } from "../../base/clock.ts";
import { randomThreadId, type ThreadId } from "../../base/ids.ts";
import type { SearchText } from "../../base/search-words.ts";
import type { AppendOptions, ThreadProjection, ThreadStore } from "../../store/store.ts";
import { erasureData } from "../../thread/chain.ts";
import { EVENTS, type NewEvent, type ThreadEvent } from "../../thread/events.ts";

/**
 * The time of the first event of sample threads, in ms since the epoch. Far enough in the past that no machine's clock
 * matters.
 */
export const EPOCH = Date.UTC(2026, 0, 1);

/** A projection of a working thread, with the given differences. */
export function project(differences: Partial<ThreadProjection> = {}): ThreadProjection {
  return {
    agent: "sample",
    status: "running",
    title: "a sample thread",
    subject: "a sample",
    requester: { channel: "test", id: "ada", name: "Ada" },
    tokens: 12,
    wantsAdvance: false,
    wakeAt: null,
    pendingRequest: null,
    awaitedEvent: null,
    parentThreadId: null,
    ...differences,
  };
}

/** Events with their numbers: from `first`, a second apart, with event 1 at `start`. */
export function numberEvents(
  first: number,
  added: readonly NewEvent[],
  start = EPOCH,
): readonly ThreadEvent[] {
  return added.map((event, index) => {
    const seq = first + index;
    return { seq, at: isoTime(start + (seq - 1) * 1000), v: EVENTS[event.type].version, ...event };
  });
}

export function startSample(agent = "sample"): NewEvent {
  return { type: "thread_started", data: { agent } };
}

export function message(text: string): NewEvent {
  return { type: "message_received", data: { text, from: { channel: "test", id: "ada" } } };
}

/** Additional messages for a thread that has `seq` events. */
export function messages(seq: number, ...texts: readonly string[]): readonly ThreadEvent[] {
  return numberEvents(seq + 1, texts.map(message));
}

/** Creates a thread with one more event than `texts`. Resolves with its id. */
export async function createThread(
  store: ThreadStore,
  options: {
    readonly id?: ThreadId;
    readonly texts?: readonly string[];
    readonly projection?: Partial<ThreadProjection>;
    /** What it is found by. Default: it is not indexed. */
    readonly findable?: readonly SearchText[];
    /** Time of the first event. */
    readonly at?: number;
  } & Pick<AppendOptions, "once" | "claim"> = {},
): Promise<ThreadId> {
  const { id = randomThreadId(), texts = [], projection = {}, at = EPOCH, findable, ...append } = options;
  const events = numberEvents(1, [startSample(projection.agent), ...texts.map(message)], at);
  await store.append(id, 0, events, { projection: project(projection), texts: findable, ...append });
  return id;
}

/** The person who erases in tests. */
export const OFFICER = { channel: "test", id: "privacy-officer" };

/** Erases messages of a thread that has `seq` events. */
export async function eraseMessages(
  store: ThreadStore,
  id: ThreadId,
  seq: number,
  seqs: readonly number[],
): Promise<void> {
  const standIns = seqs.flatMap((erased) => numberEvents(erased, [message("(erased)")]));
  const data = erasureData(standIns, OFFICER, "right to be forgotten");
  for (const record of numberEvents(seq + 1, [{ type: "data_erased", data }])) {
    await store.erase(id, seq, {
      replacements: standIns,
      record,
      projection: project({ title: "erased", status: "finished" }),
    });
  }
}
