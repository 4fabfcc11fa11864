import type { ThreadId } from "../base/ids.ts";
import type { ThreadEvent } from "../thread/events.ts";
import type { ThreadState } from "../thread/state.ts";
import type { ThreadHead } from "../thread/thread.ts";

/** What can be watched. Nothing here may be acted on as if it were an event that is not on disk. */
export type Observation =
  /** These events are on disk; `before` is the state before them, `thread` what the thread came to with them. */
  | {
      readonly kind: "events";
      readonly before: ThreadState;
      readonly thread: ThreadHead;
      readonly events: readonly ThreadEvent[];
    }
  /** Partial model output, as far as it has streamed. */
  | { readonly kind: "partial"; readonly threadId: ThreadId; readonly partial: unknown }
  /**
   * Somebody waits here for a thread that another process works on, or has left within the last `claimMs` without
   * letting go of it; then it is taken up here.
   */
  | { readonly kind: "elsewhere"; readonly threadId: ThreadId; readonly claimMs: number }
  /** The thread could not be advanced; it is tried again later. */
  | { readonly kind: "problem"; readonly threadId: ThreadId; readonly error: unknown }
  /** The store could not be looked through; it is tried again at the next look. */
  | { readonly kind: "sweep_problem"; readonly error: unknown };

/** May throw: what it throws is dropped, the run goes on. */
export type Observer = (observation: Observation) => void;

/** A set of observers that cannot disturb what they watch. */
export function createObservers(): {
  readonly notify: Observer;
  subscribe(observer: Observer): () => void;
  /** How many there are. */
  readonly size: number;
} {
  const observers = new Set<Observer>();
  return {
    get size() {
      return observers.size;
    },
    notify: (observation) => {
      for (const observer of observers) {
        try {
          observer(observation);
        } catch {
          // An observer's fault is not the thread's.
        }
      }
    },
    subscribe: (observer) => {
      observers.add(observer);
      return () => observers.delete(observer);
    },
  };
}
