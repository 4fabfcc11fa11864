import type { JsonObject } from "../base/json.ts";
import type { ThreadState } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";

/** Something that the model will probably need: fetched before it is asked. It must only read. */
export interface Prefetch {
  /** What it gives is recorded (made JSON by `toJson`); what it throws is recorded as an error. */
  readonly run: (context: { readonly thread: Thread; readonly signal: AbortSignal }) => unknown;
  /** What the model is told was asked, beside the name. Default: nothing. */
  readonly arguments?: JsonObject;
  /**
   * How the model gets it. `call` (default): like a call and its result in the thread. `memory` and `document`: as
   * blocks of that name, one for each item where it gives a list. `parameter`: to the agent's `input` only.
   */
  readonly as?: "call" | "memory" | "document" | "parameter";
  /** `start` (default): once in a thread. `each_input`: anew for every message or event from outside. */
  readonly when?: "start" | "each_input";
  /** It comes from outside and is labelled as such: `true`, or where from, e.g. `web page`. Default false. */
  readonly untrusted?: boolean | string;
  /** Milliseconds until it is given up. Default 10,000. */
  readonly timeoutMs?: number;
}

export type Prefetches = ReadonlyMap<string, Prefetch>;

/** What is to be fetched before the model is asked. Pure. */
export function missingPrefetches(state: ThreadState, prefetches: Prefetches): string[] {
  if (prefetches.size === 0) return [];
  return Array.from(prefetches).flatMap(([name, { when = "start" }]) => {
    const at = Object.hasOwn(state.prefetched, name) ? (state.prefetched[name] ?? 0) : 0;
    return at > (when === "each_input" ? state.lastInput : 0) ? [] : [name];
  });
}
