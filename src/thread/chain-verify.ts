import { sha256 } from "../base/digest.ts";
import { isJsonArray, isJsonObject, type Json, readJson } from "../base/json.ts";
import { digestAt, genesisDigest, type StoredEvent } from "./chain.ts";
import { type ChainProblem, findProblem, readingError } from "./chain-problem.ts";

/** A place in the chain that was noted outside the store. */
export interface ChainAnchor {
  readonly seq: number;
  /** `Verification.head` at that time. */
  readonly digest: string;
}

export interface Verification {
  readonly ok: boolean;
  readonly events: number;
  /** Events whose content was deleted by a recorded erasure. */
  readonly erased: number;
  /**
   * The digest of the last event, in hex. Noted somewhere else (a print, a mail, another system), it can be passed to a
   * later `verify` as an anchor: then not even somebody who rewrites the whole store can change what was before it.
   */
  readonly head: string;
  /** The first event that does not fit, and what is wrong with it. */
  readonly problem?: ChainProblem;
}

/**
 * Checks a thread's chain: `events` as stored, ordered by number, against the number and digest of the last event that
 * the store keeps beside them. Pure; never throws.
 */
export function verifyChain(
  threadId: string,
  events: readonly StoredEvent[],
  head: ChainAnchor,
  anchor?: ChainAnchor,
): Verification {
  const erasures = recordedErasures(events);
  const counted = { events: events.length, erased: events.filter((event) => event.erased !== null).length };
  let previous = genesisDigest(threadId);
  for (let index = 0; index < Math.max(events.length, head.seq); index++) {
    const event = events[index];
    const problem =
      event !== undefined && index < head.seq && fits(previous, event, index + 1)
        ? (erasureProblem(event, erasures) ?? readingProblem(threadId, event))
        : findProblem({ threadId, events, index, previous, head });
    if (problem !== undefined) return { ok: false, ...counted, head: previous, problem };
    previous = event?.digest ?? previous;
  }
  const problem = headProblem(previous, head) ?? anchorProblem(events, anchor);
  return { ok: problem === undefined, ...counted, head: previous, ...(problem && { problem }) };
}

function fits(previous: string, event: StoredEvent, seq: number): boolean {
  return event.seq === seq && digestAt(previous, event, seq) === event.digest;
}

interface Erasure {
  readonly recordedAt: number;
  readonly standIn: string | undefined;
}

/** By number of the erased event; the latest record counts. */
function recordedErasures(events: readonly StoredEvent[]): ReadonlyMap<number, Erasure> {
  const erasures = new Map<number, Erasure>();
  for (const event of events) {
    if (event.type !== "data_erased" || event.erased !== null) continue;
    const data = parseStored(event.text);
    const { seqs, standIns } = isJsonObject(data) ? data : {};
    if (!isArray(seqs)) continue;
    seqs.forEach((seq, position) => {
      const standIn = isArray(standIns) ? standIns[position] : undefined;
      if (typeof seq !== "number") return;
      erasures.set(seq, {
        recordedAt: event.seq,
        standIn: typeof standIn === "string" ? standIn : undefined,
      });
    });
  }
  return erasures;
}

function erasureProblem(
  event: StoredEvent,
  erasures: ReadonlyMap<number, Erasure>,
): ChainProblem | undefined {
  if (event.erased === null) return undefined;
  const erasure = erasures.get(event.seq);
  if (erasure === undefined || erasure.recordedAt <= event.seq) {
    return changedProblem(event.seq, "its content is gone, and no later event records an erasure of it");
  }
  if (erasure.standIn !== sha256(event.text)) {
    return changedProblem(
      event.seq,
      `what stands in for its erased content is not what event ${erasure.recordedAt} recorded`,
    );
  }
  return undefined;
}

function readingProblem(threadId: string, event: StoredEvent): ChainProblem | undefined {
  const message = readingError(threadId, event);
  return message === undefined ? undefined : { seq: event.seq, kind: "unreadable", message };
}

function headProblem(last: string, head: ChainAnchor): ChainProblem | undefined {
  if (last === head.digest) return undefined;
  return changedProblem(
    head.seq,
    "the thread's own row names another event as the last one; that may be gone",
  );
}

function anchorProblem(
  events: readonly StoredEvent[],
  anchor: ChainAnchor | undefined,
): ChainProblem | undefined {
  if (anchor === undefined || events[anchor.seq - 1]?.digest === anchor.digest) return undefined;
  if (anchor.seq > events.length) {
    return {
      seq: events.length + 1,
      kind: "dropped",
      message: `the chain no longer reaches event ${anchor.seq}`,
    };
  }
  return changedProblem(
    anchor.seq,
    "its digest is not the one that was noted: it or an event before it was rewritten",
  );
}

function changedProblem(seq: number, what: string): ChainProblem {
  return { seq, kind: "changed", message: `event ${seq} was changed: ${what}` };
}

function parseStored(text: string): Json {
  return readJson(text) ?? null;
}

function isArray(value: Json | undefined): value is readonly Json[] {
  return value !== undefined && isJsonArray(value);
}
