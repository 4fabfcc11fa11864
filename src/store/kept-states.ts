import type { ThreadId } from "../base/ids.ts";
import { canonicalJson, toJson } from "../base/json.ts";
import type { ThreadEvent } from "../thread/events.ts";
import { fold } from "../thread/fold.ts";
import { decodeState, encodeState, stateDigest } from "../thread/kept-state.ts";
import type { ThreadState } from "../thread/state.ts";
import type { Verification } from "./store.ts";

/** A running thread's state is kept every so many events, and also whenever the thread comes to rest. */
const KEPT_EVERY = 128;

/** A kept state as it stands in a table. */
export interface KeptState {
  /** The state's last event, and its digest in hex. */
  readonly seq: number;
  readonly head: string;
  readonly text: string;
  /** Binds the text to its thread and event, in hex. */
  readonly digest: string;
}

/**
 * What is to be kept of the state that a thread had before an append that leaves it with `after.seq` events; `undefined` if
 * it is not time, or the state is not one to be kept.
 */
export function stateToKeep(
  threadId: ThreadId,
  before: { readonly seq: number; readonly head: string },
  state: ThreadState,
  after: { readonly seq: number; readonly atRest: boolean },
): KeptState | undefined {
  const { seq, head } = before;
  const due = after.atRest || Math.floor(after.seq / KEPT_EVERY) > Math.floor(seq / KEPT_EVERY);
  const text = due && state.seq === seq ? encodeState(state) : undefined;
  return text === undefined ? undefined : { seq, head, text, digest: stateDigest(threadId, seq, head, text) };
}

/** The state that was kept; `undefined` if it does not hold. */
export function stateFrom(
  threadId: ThreadId,
  { seq, head, text, digest }: KeptState,
): ThreadState | undefined {
  if (digest !== stateDigest(threadId, seq, head, text)) return undefined;
  const state = decodeState(text);
  return state?.seq === seq ? state : undefined;
}

/** What a verification of the events comes to with the kept state, which must follow from them. */
export function verifyKept(
  verification: Verification,
  kept: ThreadState,
  events: readonly ThreadEvent[],
): Verification {
  if (follows(kept, events)) return verification;
  const message = `the state kept after event ${kept.seq} does not follow from the events`;
  return { ...verification, ok: false, problem: { seq: kept.seq, kind: "changed", message } };
}

function follows(state: ThreadState, events: readonly ThreadEvent[]): boolean {
  try {
    const given = fold(events.slice(0, state.seq));
    return canonicalJson(toJson(given)) === canonicalJson(toJson(state));
  } catch {
    return false;
  }
}
