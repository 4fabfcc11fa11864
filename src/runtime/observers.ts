import type { Agent } from "../agent/agent.ts";
import { shownAdded } from "../agent/shown-thread.ts";
import { callQuietly } from "../base/hooks.ts";
import type { ThreadId } from "../base/ids.ts";
import { checkNames } from "../base/options.ts";
import type { ThreadEvent } from "../thread/events.ts";
import type { ThreadState } from "../thread/state.ts";
import type { ThreadHead } from "../thread/thread.ts";
import type { HeldBack } from "./call-limits/gate.ts";

/** These events are on disk; `before` is the state before them, `thread` the thread after them. */
interface Appended {
  readonly kind: "events";
  readonly before: ThreadState;
  readonly thread: ThreadHead;
  readonly events: readonly ThreadEvent[];
}

/** What an observer is told. Only `events` are on disk; never act on anything else as if it were. */
export type Observation =
  | (Appended & {
      /**
       * The same events as people read them, without what the agent hides; for whatever leaves the process. `undefined` where
       * it cannot be told what is hidden, since the agent is not known here.
       */
      readonly show: () => readonly ThreadEvent[] | undefined;
    })
  /**
   * Partial model output, as much as has streamed so far. `after`: the last event that the model knows; it may not be on disk yet.
   */
  | {
      readonly kind: "partial";
      readonly threadId: ThreadId;
      readonly partial: unknown;
      readonly after: number;
    }
  /**
   * Somebody here is waiting for a thread that another process works on, or abandoned within the last `claimMs`. If it was
   * abandoned, this process takes it up when that time is over.
   */
  | { readonly kind: "elsewhere"; readonly threadId: ThreadId; readonly claimMs: number }
  /** A model call waits for its turn: the client may not be asked more at present. The call begins by itself. */
  | ({ readonly kind: "held_back" } & HeldBack)
  /** The thread could not be advanced; it is tried again later. */
  | { readonly kind: "problem"; readonly threadId: ThreadId; readonly error: unknown }
  /** In the background, threads of an earlier release were made findable by what they say: so many of so many. */
  | { readonly kind: "indexed"; readonly done: number; readonly of: number }
  /** The store could not be searched for work; this is tried again at the next sweep. */
  | { readonly kind: "sweep_problem"; readonly error: unknown };

/**
 * Called once for each observation, in order, right after it happened. It holds up the run, so it should return quickly.
 * May throw, or reject: the error is dropped and the run goes on.
 */
export type Observer = (observation: Observation) => void;

export interface ObserverOptions {
  /** Whether it watches what a model writes while it writes: then answers are streamed. Default: true. */
  readonly partials?: boolean | undefined;
}

/** Tells observers what has happened. */
export type Notify = (observation: Exclude<Observation, Appended> | Appended) => void;

/** Those who watch a runtime, and how they are told. */
export interface Observers {
  readonly notify: Notify;
  subscribe(observer: Observer, options?: ObserverOptions): () => void;
  /** How many of them watch what a model writes. */
  readonly size: number;
}

/** A set of observers that cannot disturb what they watch. */
export function createObservers(agents: ReadonlyMap<string, Agent>): Observers {
  const observers = new Map<Observer, ObserverOptions>();
  return {
    get size() {
      return [...observers.values()].filter(({ partials }) => partials !== false).length;
    },
    notify: (given) => {
      const observation =
        given.kind === "events"
          ? { ...given, show: () => shownAdded(given, agents.get(given.thread.state.agent)) }
          : given;
      for (const observer of observers.keys()) callQuietly(() => observer(observation));
    },
    subscribe: (observer, options = {}) => {
      checkNames("subscribe", { partials: true }, options);
      observers.set(observer, options);
      return () => observers.delete(observer);
    },
  };
}
