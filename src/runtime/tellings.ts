import type { Agent } from "../agent/agent.ts";
import type { Clock } from "../base/clock.ts";
import { withDeadline } from "../base/deadlines.ts";
import type { Channel, ChannelValues } from "../humans/channel.ts";
import type { People } from "../humans/people.ts";
import { write } from "../loop/journal.ts";
import type { EventData } from "../thread/events.ts";
import type { StoreJournal } from "./store-journal.ts";

/** How long, in ms, a run waits for a channel before it goes on while people are still being told. */
export const PATIENCE_MS = 1_000;
/** How long, in ms, a channel may take to tell anybody of anything. */
const TELL_MS = 60_000;
/** How long, in ms, a process that stops waits for a delivery under way: what has gone out is not to go out twice. */
const LINGER_MS = 5_000;

export interface TellingOptions {
  /** The only one who writes to it is the worker itself. */
  readonly journal: StoreJournal;
  readonly agent: Agent;
  readonly channels: readonly Channel[];
  readonly store: ChannelValues;
  readonly people: People;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly tellings: Tellings;
}

export type Outcome = Pick<EventData["notified"], "ok" | "skipped" | "error">;

/** Runs what a channel does, for so long and no longer. */
export function withinTime<T>(
  work: (signal: AbortSignal) => T | PromiseLike<T>,
  { signal, isRepeatable = false }: { readonly signal: AbortSignal; readonly isRepeatable?: boolean },
): Promise<T> {
  return withDeadline(work, { ms: TELL_MS, signal, lingerMs: isRepeatable ? 0 : LINGER_MS });
}

/** Records what has been told meanwhile, whatever else was written: without the record, people would be told twice. */
export async function recordTold({ journal, tellings }: TellingOptions): Promise<void> {
  for (let data = tellings.take(); data !== undefined; data = tellings.take())
    await journal.append({ ...write({ type: "notified", data }), onConflict: "keep" });
}

/** What channels are being told of a thread while its run goes on; each outcome is kept until it is recorded. */
export class Tellings {
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #ended: EventData["notified"][] = [];
  #wake = Promise.withResolvers<void>();

  /** Whether the telling with this key has begun and has not ended. */
  isUnderWay(key: string): boolean {
    return this.#underWay.has(key);
  }

  get size(): number {
    return this.#underWay.size;
  }

  /** Whether something (like this) has ended and has yet to be recorded. */
  hasEnded(isLike: (data: EventData["notified"]) => boolean = () => true): boolean {
    return this.#ended.some(isLike);
  }

  /** Takes over what has been begun; `undefined` as its outcome: it was interrupted, and nobody knows. It may not reject. */
  add(key: string, told: Promise<EventData["notified"] | undefined>): void {
    const ended = told.then((data) => {
      this.#underWay.delete(key);
      if (data !== undefined) this.#ended.push(data);
      this.#wake.resolve();
      this.#wake = Promise.withResolvers();
    });
    this.#underWay.set(key, ended);
  }

  /** Takes out the next outcome to record. */
  take(): EventData["notified"] | undefined {
    return this.#ended.shift();
  }

  /** Resolves when the next of them ends. */
  next(): Promise<void> {
    return this.#wake.promise;
  }

  /** Resolves when the telling with this key has ended, or after a moment: it goes on then. */
  async waitFor(key: string): Promise<void> {
    const told = this.#underWay.get(key);
    if (told === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, PATIENCE_MS);
    await Promise.race([told, promise]);
    clearTimeout(timer);
  }
}
