import { randomBytes } from "node:crypto";
import { UsageError } from "../base/errors.ts";
import { contentDigest } from "../thread/chain.ts";
import { misfit } from "../thread/declare-event.ts";
import { EVENTS, isEventType, type ThreadEvent } from "../thread/events.ts";

/** An event ready to be written, except for its digest, which depends on the event before it. */
export interface EncodedEvent {
  readonly seq: number;
  readonly type: string;
  readonly v: number;
  readonly at: string;
  /** `at` in milliseconds since the epoch. */
  readonly time: number;
  readonly text: string;
  readonly salt: Uint8Array;
  /** `salt` in hex. */
  readonly saltHex: string;
  readonly content: string;
}

/**
 * Checks and encodes the events that follow `expectedSeq`. Throws `UsageError` (`invalid_argument`). Done before the
 * write lock is taken.
 */
export function encodeEvents(expectedSeq: number, events: readonly ThreadEvent[]): readonly EncodedEvent[] {
  if (!Number.isInteger(expectedSeq) || expectedSeq < 0) {
    throw refusal(`expectedSeq must be a whole number from 0 up, not ${expectedSeq}`);
  }
  if (events.length === 0 && expectedSeq === 0) throw refusal("a thread is created with at least one event");
  return events.map((event, index) => encode(event, expectedSeq + 1 + index));
}

function encode(event: ThreadEvent, seq: number): EncodedEvent {
  const { type, v, at } = event;
  if (!isEventType(type)) throw refusal(`the event type ${String(type)} is not known`);
  if (event.seq !== seq) throw refusal(`the event ${type} must have the number ${seq}, not ${event.seq}`);
  const { version } = EVENTS[type];
  if (v !== version) throw refusal(`the event ${type} must be of version ${version}, not ${v}`);
  const time = Date.parse(at);
  if (Number.isNaN(time)) throw refusal(`the event ${type} needs an ISO time, not ${at}`);
  const text = dataText(event);
  const salt = newSalt();
  const saltHex = salt.toString("hex");
  return { seq, type, v, at, time, text, salt, saltHex, content: contentDigest(saltHex, text) };
}

/** The JSON text of an event's data. Throws `UsageError` if the data cannot be JSON or lacks a field. */
export function dataText(event: ThreadEvent): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(event.data);
  } catch (cause) {
    throw refusal(`the data of the event ${event.type} is not JSON`, cause);
  }
  if (!text?.startsWith("{")) throw refusal(`the data of the event ${event.type} must be an object`);
  const field = misfit(EVENTS[event.type], event.data);
  if (field === undefined) return text;
  throw refusal(`the ${field} of the data of the event ${event.type} is missing or of the wrong kind`);
}

const SALT_BYTES = 16;
let pool = Buffer.alloc(0);
let used = 0;

/** Returns 128 random bits, drawn from a pool so that one call to the system serves many salts. */
function newSalt(): Buffer {
  if (used + SALT_BYTES > pool.length) {
    pool = randomBytes(SALT_BYTES * 256);
    used = 0;
  }
  used += SALT_BYTES;
  return pool.subarray(used - SALT_BYTES, used);
}

function refusal(message: string, cause?: unknown): UsageError {
  return new UsageError("invalid_argument", message, { cause });
}
