import type { ThreadId } from "../base/ids.ts";
import { isCorrupt } from "./damaged.ts";

/** How long, in ms, until a thread that could not be advanced is tried again, at most; and one of which what is stored is damaged. */
const MAX_RETRY_MS = 60_000;
const MAX_RETRY_DAMAGED_MS = 3_600_000;

interface Failure {
  readonly at: number;
  readonly times: number;
  readonly error: unknown;
}

/** The threads that could not be advanced here at the last try, and when each is to be tried again. */
export class Failures {
  readonly #failures = new Map<ThreadId, Failure>();

  get size(): number {
    return this.#failures.size;
  }

  of(threadId: ThreadId): Failure | undefined {
    return this.#failures.get(threadId);
  }

  /** Whether it is too early to try it again. */
  holdsBack(threadId: ThreadId, now: number): boolean {
    return (this.#failures.get(threadId)?.at ?? 0) > now;
  }

  add(threadId: ThreadId, error: unknown, now: number): void {
    const times = (this.#failures.get(threadId)?.times ?? 0) + 1;
    const longest = isCorrupt(error) ? MAX_RETRY_DAMAGED_MS : MAX_RETRY_MS;
    this.#failures.set(threadId, { at: now + Math.min(1_000 * 2 ** (times - 1), longest), times, error });
  }

  forget(threadId: ThreadId): void {
    this.#failures.delete(threadId);
  }

  /** Forgets those that would be tried again by now and are not among these. */
  keep(threadIds: Iterable<ThreadId>, now: number): void {
    const still = new Set(threadIds);
    for (const [threadId, { at }] of this.#failures)
      if (at <= now && !still.has(threadId)) this.#failures.delete(threadId);
  }
}
