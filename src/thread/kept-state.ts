import { sha256 } from "../base/digest.ts";
import { EMPTY_STATE } from "./fold.ts";
import type { ThreadState } from "./state.ts";
import { statusOf } from "./status.ts";

/*
 * A thread's state as a store may keep it beside the events, so that a change need not fold all of them. It is a shortcut
 * and no source: a store gives what `fold` gives, whether it keeps states or not.
 */

/**
 * Names what `fold` makes of events. To be raised whenever the same events give another state than before: a kept
 * state of another version is not used.
 */
export const FOLD_VERSION = 2;

/** A longer state is not kept: reading it would cost more than it saves. */
const MAX_TEXT = 65_536;

/**
 * The state as text, or `undefined` for one that is not to be kept. What people are asked, and what they have decided and
 * nobody has done yet, always comes from the events themselves: a state is kept only where nothing of the kind is open.
 */
export function encodeState({ status: _, ...state }: ThreadState): string | undefined {
  if (isForPeople(state)) return undefined;
  const text = JSON.stringify(state);
  return text.length > MAX_TEXT ? undefined : text;
}

/** The state that `encodeState` made a text of; `undefined` for any other text. */
export function decodeState(text: string): ThreadState | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return isWithoutStatus(json) && !isForPeople(json) ? { ...json, status: statusOf(json) } : undefined;
  } catch {
    return undefined;
  }
}

function isForPeople({ request, calls }: Pick<ThreadState, "request" | "calls">): boolean {
  return request !== null || calls.some(({ phase }) => phase.kind === "approved");
}

/** Binds a kept state to its thread, to the event after which it held (by its digest in the chain) and to this version. */
export function stateDigest(threadId: string, seq: number, head: string, text: string): string {
  return sha256(JSON.stringify(["twelvefold.state", FOLD_VERSION, threadId, seq, head, text]));
}

function isWithoutStatus(json: unknown): json is Omit<ThreadState, "status"> {
  if (typeof json !== "object" || json === null) return false;
  const { status: _, ...fields } = EMPTY_STATE;
  return Object.keys(fields).every((field) => Object.hasOwn(json, field));
}
