import { randomBytes } from "node:crypto";
import { sha256 } from "./digest.ts";

declare const brand: unique symbol;
/** A string that only the matching constructor may make. */
export type Branded<Name extends string> = string & { readonly [brand]: Name };

/** Names one thread in a store, e.g. `thr_6f1k…`. Letters, digits, `_` and `-`; 4 to 64 characters. */
export type ThreadId = Branded<"ThreadId">;
/** Names one call of a step within a thread: `call_<seq of its step_proposed event>`. */
export type CallId = Branded<"CallId">;
/** Names one request to people across all threads: `<thread id>.<seq of the asking event>`. */
export type RequestId = Branded<"RequestId">;

/** Makes new thread ids. Must never return the same id twice. */
export type NewThreadId = () => ThreadId;

const THREAD_ID = /^[A-Za-z0-9_-]{4,64}$/;

/** The text as a thread id, or `undefined` if it cannot be one. */
export function parseThreadId(text: string): ThreadId | undefined {
  return THREAD_ID.test(text) ? (text as ThreadId) : undefined;
}

/** A random thread id with 96 bits of randomness, in lower-case letters and digits. */
export const randomThreadId: NewThreadId = () => {
  const letters = Array.from(randomBytes(20), (byte) => (byte % 32).toString(32)).join("");
  return `thr_${letters}` as ThreadId;
};

/** The id of the thread that works on this call for another one: the same whoever starts it, and however often. */
export function childThreadId(parent: ThreadId, callId: CallId): ThreadId {
  return `thr_${sha256(`${parent} ${callId}`).slice(0, 24)}` as ThreadId;
}

export function callIdAt(seq: number): CallId {
  return `call_${seq}` as CallId;
}

export function requestIdOf(threadId: ThreadId, seq: number): RequestId {
  return `${threadId}.${seq}` as RequestId;
}

/** Splits a request id into its thread and the sequence number of the asking event. */
export function parseRequestId(text: string): { threadId: ThreadId; seq: number } | undefined {
  const match = /^([A-Za-z0-9_-]{4,64})\.([1-9][0-9]{0,9})$/.exec(text);
  const threadId = match?.[1] === undefined ? undefined : parseThreadId(match[1]);
  return threadId === undefined ? undefined : { threadId, seq: Number(match?.[2]) };
}
