import { sha256 } from "../base/digest.ts";
import type { EventData, Principal, ThreadEvent } from "./events.ts";

/*
 * The hash chain. Every event has a digest over the digest before it, its own header and its content:
 *
 *   digest 0 = sha256(JSON ["twelvefold.thread", 1, thread id])
 *   content  = sha256(salt in hex, then the JSON text of the data)
 *   digest n = sha256(JSON [digest n-1, seq, type, at, v, content])
 *
 * Digests are lower-case hex, JSON has no white space. The salt stands beside the event and goes when its content is
 * erased, so that short personal data cannot be guessed from the digest that stays. The data is hashed as the text that
 * is stored: `JSON.stringify(JSON.parse(text))` gives the same text, so a copy of the thread can be checked as well.
 */

/** An event as a store keeps it. */
export interface StoredEvent {
  readonly seq: number;
  readonly type: string;
  readonly v: number;
  /** ISO 8601. */
  readonly at: string;
  /** The JSON text of the data; after an erasure, `standInText`. */
  readonly text: string;
  /** 32 hex digits; `null` after an erasure. */
  readonly salt: string | null;
  /** The content digest, kept here once the content is erased; else `null`. */
  readonly erased: string | null;
  readonly digest: string;
}

type Header = Pick<StoredEvent, "type" | "v" | "at">;

/** What the first event's digest builds on: no two threads have the same chain. */
export function genesisDigest(threadId: string): string {
  return sha256(JSON.stringify(["twelvefold.thread", 1, threadId]));
}

/** The digest of an event's data. `salt`: 32 hex digits, never used twice. */
export function contentDigest(salt: string, text: string): string {
  return sha256(salt + text);
}

/** The digest of an event in its place. */
export function linkDigest(previous: string, seq: number, header: Header, content: string): string {
  return sha256(JSON.stringify([previous, seq, header.type, header.at, header.v, content]));
}

/** The content digest of a stored event, kept or computed; `undefined` if it is lost. */
export function contentOf(event: Pick<StoredEvent, "erased" | "salt" | "text">): string | undefined {
  return event.erased ?? (event.salt === null ? undefined : contentDigest(event.salt, event.text));
}

/** What the digest of an event would be in a place of the chain; `undefined` if its content digest is lost. */
export function digestAt(previous: string, event: StoredEvent, seq: number): string | undefined {
  const content = contentOf(event);
  return content === undefined ? undefined : linkDigest(previous, seq, event, content);
}

/** What is stored for an erased event: its header keeps the version it was written with, the stand-in has its own. */
export function standInText(v: number, dataText: string): string {
  return `{"v":${v},"data":${dataText}}`;
}

/**
 * The data of a `data_erased` event. It carries a digest of each stand-in, so that what stands in for erased content
 * is as safe from later changes as any other event.
 */
export function erasureData(
  replacements: readonly ThreadEvent[],
  by: Principal,
  reason: string,
): EventData["data_erased"] {
  return {
    seqs: replacements.map((event) => event.seq),
    by,
    reason,
    standIns: replacements.map((event) => sha256(standInText(event.v, JSON.stringify(event.data)))),
  };
}
