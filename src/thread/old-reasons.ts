import { isJsonArray, isJsonObject, type Json, type JsonObject, toJson } from "../base/json.ts";
import type { ApprovalCard, ApprovalReason } from "./event-parts.ts";

/*
 * Up to release 0.1.0 a card gave its reasons as sentences. They are read back to objects; what cannot be read stays
 * visible as a text. An approval that was asked for then covers the sentences, so they can be written again as well.
 */

const UNTRUSTED = "untrusted content in the thread: ";
const JUDGE = "judge: ";
const DOUBTFUL = "doubtful parse: ";
const CHANGED = "something changed since it was approved";

/** The data of an `approval_requested` event of version 1, with its reasons as objects. */
export function reasonsFromSentences(data: JsonObject): JsonObject {
  const { card } = data;
  if (!isJsonObject(card)) return data;
  const { reasons } = card;
  const sentences = reasons !== undefined && isJsonArray(reasons) ? reasons : [];
  return { ...data, card: { ...card, reasons: sentences.map(readReason) } };
}

function readReason(sentence: Json): JsonObject {
  if (typeof sentence !== "string") return { kind: "other", text: JSON.stringify(sentence) };
  if (sentence === "policy" || sentence === CHANGED)
    return { kind: sentence === CHANGED ? "changed" : sentence };
  const after = (start: string) => (sentence.startsWith(start) ? sentence.slice(start.length) : undefined);
  const sources = after(UNTRUSTED);
  if (sources !== undefined) return { kind: "untrusted", sources: sources.split(", ") };
  const doubts = after(DOUBTFUL);
  if (doubts !== undefined) return { kind: "doubtful", doubts: doubts.split(", ") };
  const reason = after(JUDGE);
  return reason === undefined ? { kind: "other", text: sentence } : { kind: "judge", reason };
}

/** The card as release 0.1.0 wrote it; `undefined` for one that it could not have written. */
export function cardWithSentences(card: ApprovalCard): JsonObject | undefined {
  const sentences = card.reasons.map(writeReason);
  const reasons = sentences.flatMap((sentence) => sentence ?? []);
  const written = toJson({ ...card, reasons });
  return reasons.length === sentences.length && isJsonObject(written) ? written : undefined;
}

function writeReason(reason: ApprovalReason): string | undefined {
  switch (reason.kind) {
    case "policy":
      return reason.because === undefined ? "policy" : undefined;
    case "untrusted":
      return `${UNTRUSTED}${reason.sources.join(", ")}`;
    case "judge":
      return `${JUDGE}${reason.reason}`;
    case "doubtful":
      return `${DOUBTFUL}${reason.doubts.join(", ")}`;
    case "changed":
      return CHANGED;
    case "other":
      return reason.text;
    case "faulty_policy":
    case "unknown_requester":
    case "newer_input":
    case "approver":
    case "look_alike":
      return undefined;
    default:
      return reason satisfies never;
  }
}
