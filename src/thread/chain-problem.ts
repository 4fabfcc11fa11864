import { digestAt, type StoredEvent } from "./chain.ts";
import { decodeEvent } from "./stored-event.ts";

/** The first event of a thread that does not fit its chain. */
export interface ChainProblem {
  readonly seq: number;
  readonly kind: "changed" | "dropped" | "inserted" | "reordered" | "unreadable";
  readonly message: string;
}

/** Where the chain breaks: everything before `index` fits, and `previous` is the digest it must go on from. */
export interface Break {
  readonly threadId: string;
  readonly events: readonly StoredEvent[];
  readonly index: number;
  readonly previous: string;
  readonly head: { readonly seq: number; readonly digest: string };
}

/**
 * Names what was done to a thread where its chain breaks. Every event carries the digest it was written with, so the
 * original order can be followed among what is left: if the event that belongs here is stored elsewhere, something was
 * inserted or reordered; if it is nowhere, it was changed or dropped.
 */
export function findProblem(at: Break): ChainProblem {
  const { events, index, head } = at;
  const seq = index + 1;
  const event = events[index];
  if (event === undefined) return droppedProblem(seq, `the thread's row says that it has ${head.seq} events`);
  if (seq > head.seq) {
    return problem("inserted", event.seq, `the thread's row says that event ${head.seq} is the last one`);
  }
  const belongs = events.findIndex(
    (other, place) => place >= index && digestAt(at.previous, other, seq) === other.digest,
  );
  if (belongs === index) return problem("reordered", seq, `it is stored under the number ${event.seq}`);
  if (belongs > index) return displacedProblem(at, belongs);
  if (event.seq !== seq) return droppedProblem(seq, `the next stored one is event ${event.seq}`);
  const reason = readingError(at.threadId, event);
  if (reason !== undefined) return { seq, kind: "unreadable", message: reason };
  return isClosedUp(at, event)
    ? droppedProblem(seq, "the events after it were renumbered")
    : problem("changed", seq, "its content, header or digest is not what was written");
}

/** The event that belongs here is stored at `found`: does the one that is stored here belong anywhere? */
function displacedProblem({ events, index, head }: Break, found: number): ChainProblem {
  const seq = index + 1;
  let budget = MAX_LINKS;
  let place = found;
  for (let number = seq + 1; number <= head.seq && budget > 0; number++) {
    const previous = events[place]?.digest;
    if (previous === undefined) break;
    const candidates = [place + 1, number - 1, index, ...events.keys()];
    const next = candidates.find((candidate) => {
      const other = events[candidate];
      return other !== undefined && budget-- > 0 && digestAt(previous, other, number) === other.digest;
    });
    if (next === index) return problem("reordered", seq, `event ${number} is stored in its place`);
    if (next === undefined) break;
    place = next;
  }
  return problem("inserted", seq, "the event that was written with this number comes after it");
}

/** Enough for any order of a few hundred events; the answer is `inserted` when a longer thread needs more. */
const MAX_LINKS = 200_000;

/** True if the event stored here was written with a higher number: those before it are gone. */
function isClosedUp({ events, index, head }: Break, event: StoredEvent): boolean {
  const next = events[index + 1];
  if (next === undefined) return head.seq > index + 1 && head.digest === event.digest;
  const most = Math.max(64, head.seq - events.length);
  for (let missing = 1; missing <= most; missing++) {
    if (digestAt(event.digest, next, next.seq + missing) === next.digest) return true;
  }
  return false;
}

/** Why an event cannot be read, or `undefined` when it can. */
export function readingError(threadId: string, event: StoredEvent): string | undefined {
  try {
    decodeEvent(threadId, { ...event, erased: event.erased !== null });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function droppedProblem(seq: number, what: string): ChainProblem {
  return { seq, kind: "dropped", message: `event ${seq} is missing: ${what}` };
}

function problem(kind: "changed" | "inserted" | "reordered", seq: number, what: string): ChainProblem {
  return { seq, kind, message: `event ${seq} was ${kind}: ${what}` };
}
