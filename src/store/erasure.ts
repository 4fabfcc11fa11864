import { sha256 } from "../base/digest.ts";
import { UsageError } from "../base/errors.ts";
import { standInText } from "../thread/chain.ts";
import type { ThreadEvent } from "../thread/events.ts";
import { dataText } from "./encode.ts";

/** Values about a thread that hold what was said in it have names that begin like this: an erasure removes them. */
export const KEPT_CONTENT = "content:";

/** What a store writes in place of an erased event's data. */
export interface StandIn {
  readonly seq: number;
  readonly type: string;
  readonly text: string;
}

/**
 * The stand-ins of an erasure. Throws `UsageError` unless the record names exactly the replacements, with their
 * digests.
 */
export function standInsOf(replacements: readonly ThreadEvent[], record: ThreadEvent): readonly StandIn[] {
  if (record.type !== "data_erased") {
    throw new UsageError("invalid_argument", `an erasure is recorded by data_erased, not ${record.type}`);
  }
  const { seqs, standIns } = record.data;
  const texts = replacements.map((event) => ({
    seq: event.seq,
    type: event.type,
    text: standInText(event.v, dataText(event)),
  }));
  const named =
    seqs.length === texts.length &&
    texts.every(
      ({ seq, text }, index) => seqs[index] === seq && seq < record.seq && standIns?.[index] === sha256(text),
    );
  if (!named || new Set(seqs).size !== seqs.length) {
    throw new UsageError("invalid_argument", "the record of an erasure must be made by erasureData", {
      details: { seqs, replaced: texts.map(({ seq }) => seq) },
    });
  }
  return texts;
}

/** The error for a stand-in that cannot replace the stored event. */
export function cannotErase(threadId: string, standIn: StandIn, found: string | undefined): UsageError {
  return new UsageError(
    "invalid_argument",
    `event ${standIn.seq} of thread ${threadId} is ${found ?? "missing"}: a ${standIn.type} event cannot stand in for it`,
    { details: { threadId, seq: standIn.seq } },
  );
}
