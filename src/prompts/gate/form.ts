import type { FidelityReason } from "../../base/fidelity.ts";
import { shapeOf } from "./scan.ts";
import { REMOVED } from "./thinking.ts";

/**
 * Where a model may write prose beside the JSON of its answer.
 *
 * - `none`: nowhere. The JSON stands alone, in one code fence at most.
 * - `before`: in front of one last JSON value that nothing follows.
 * - `marked`: anywhere before the last line that begins with `FINAL_ANSWER`; only what follows counts, and JSON stands
 *   alone there. An answer without that line is read as with `none`.
 */
export type ProseMode = (typeof PROSE_MODES)[number];

export const PROSE_MODES = ["none", "before", "marked"] as const;

/** The line after which the answer stands, for `prose: "marked"`. The prompt must ask for it. */
export const FINAL_ANSWER = "FINAL ANSWER:";

// Models like to set such a line in bold or as a heading.
const MARKER_LINE = new RegExp(String.raw`^[ \t]*(?:[*_#]{1,4}[ \t]*)?${FINAL_ANSWER}[*_]{0,4}`, "gm");

/** The index after the last marker; `undefined` if the text has none. */
export function afterMarker(text: string): number | undefined {
  const last = [...text.matchAll(MARKER_LINE)].at(-1);
  return last === undefined ? undefined : last.index + last[0].length;
}

/**
 * What the form of the text around the values reveals. Looks only for brackets, fences and line comments, never for
 * words. `before` and `after` are all of the text that counts except for the values themselves.
 */
export function formReasons(before: string, after: string, mode: ProseMode): Set<FidelityReason> {
  const reasons = new Set<FidelityReason>();
  if (after.includes(REMOVED)) reasons.add("unclear_thinking");
  const lead = before.replaceAll(REMOVED, "");
  const head = withoutOpeningFence(lead).trim();
  if (openBracket(head) || COMMENTED_OUT.test(lastLine(lead))) reasons.add("unknown_wrapper");
  if (head !== "" && mode !== "before") reasons.add("prose");
  const tail = after.replaceAll(REMOVED, "");
  const surplus = SURPLUS.exec(tail)?.[0] ?? "";
  if (surplus.trim() !== "") reasons.add("repaired_syntax");
  if (withoutClosingFence(tail.slice(surplus.length)).trim() !== "") reasons.add("prose");
  return reasons;
}

// Broken syntax rather than text: extra brackets, a comma or the like, a comment to the end of the line.
const SURPLUS = /^(?:\s*[}\]])*(?:[ \t]*[,;])?(?:[ \t]*\/\/[^\n]*)?/;
const COMMENTED_OUT = /^\s*(?:\/\/|#|--|>|~~|<!--)/;
// Fence names that announce an answer. A diff, for instance, is not one.
const FENCE_NAMES = "json|jsonc|json5|jsonl|javascript|js|text|plaintext";
const OPENING_FENCE = new RegExp(
  String.raw`(?:^|\n)[ \t]*(?:\`\`\`|~~~)[ \t]*(?:${FENCE_NAMES})?[ \t]*\n?[ \t]*$`,
  "i",
);
const CLOSING_FENCE = /^\s*(?:```|~~~)[ \t]*(?=\n|$)/;

function withoutOpeningFence(before: string): string {
  const end = before.trimEnd();
  // The fence is near the end: searching from the beginning of a long text would only cost time.
  const from = Math.max(0, end.length - 40);
  return end.slice(0, from) + end.slice(from).replace(OPENING_FENCE, "");
}

function withoutClosingFence(after: string): string {
  return after.replace(CLOSING_FENCE, "");
}

/** True if nothing but blanks and commas stands between two values. */
export function isCleanGap(gap: string): boolean {
  return /^[\s,]*$/.test(gap);
}

const MAX_NEAR = 20_000;

/** True if a bracket before the JSON is still open: the JSON is part of something larger that could not be read. */
export function openBracket(head: string): boolean {
  const near = head.slice(-MAX_NEAR);
  return shapeOf(near, true).open > 0 || shapeOf(near, false).open > 0;
}

function lastLine(text: string): string {
  return text.slice(text.lastIndexOf("\n") + 1);
}
