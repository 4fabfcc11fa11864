import { atOnce } from "../base/hooks.ts";
import type { JsonObject } from "../base/json.ts";
import type { Credential, HelperContext } from "../steps/definitions.ts";
import type { Thread } from "../thread/thread.ts";

/** What a prefetch gets. */
export type PrefetchContext = HelperContext & { readonly credential: Credential };

/** Something the model will probably need, fetched before the model is asked. It must only read. */
export interface Prefetch {
  /**
   * Called once for each time it is due (see `when`); after a crash it may run again. What it returns is recorded
   * (converted to JSON by `toJson`); what it throws is recorded as an error, and the run goes on.
   */
  readonly run: (context: PrefetchContext) => unknown;
  /** The arguments that the model reads beside the name, as if it had asked. Default: none. */
  readonly arguments?: JsonObject;
  /**
   * How the model gets the result. `call` (default): like a call and its result in the thread. `memory` and `document`:
   * as blocks of that name, one for each item of a list. `parameter`: only through the agent's `input`.
   */
  readonly as?: "call" | "memory" | "document" | "parameter";
  /** `start` (default): once per thread. `each_input`: again for every message or event from outside. */
  readonly when?: "start" | "each_input";
  /**
   * Whether it is due again although it was fetched; `at` is the number of the event that records the latest fetch. Must be
   * pure, must not throw, and must be false right after a fetch. Called each time before the model is asked. Default: as `when` says.
   */
  readonly again?: (thread: Thread, at: number) => boolean;
  /** The result comes from outside and is labelled so: `true`, or the source, e.g. `web page`. Default false. */
  readonly untrusted?: boolean | string;
  /** Milliseconds after which the fetch is given up. Default 10,000. */
  readonly timeoutMs?: number | undefined;
  /** The names of the credentials that it needs. Default: none. */
  readonly credentials?: readonly string[] | undefined;
}

export type Prefetches = ReadonlyMap<string, Prefetch>;

/** What is to be fetched before the model is asked. Pure. */
export function missingPrefetches(thread: Thread, prefetches: Prefetches): string[] {
  if (prefetches.size === 0) return [];
  const { prefetched, lastInput } = thread.state;
  return Array.from(prefetches).flatMap(([name, { when = "start", again }]) => {
    const at = Object.hasOwn(prefetched, name) ? (prefetched[name] ?? 0) : 0;
    if (at <= (when === "each_input" ? lastInput : 0)) return [name];
    // Even one that is always due is fetched only once between two answers of the model.
    return thread.events.at(-1)?.type !== "prefetched" && atOnce("`again`", again?.(thread, at)) === true
      ? [name]
      : [];
  });
}
