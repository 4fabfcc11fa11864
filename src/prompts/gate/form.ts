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
const LINE_UP_TO_MARKER = /(?:^|[\n\r\u2028\u2029])[ \t]*(?:[*_#]{1,4}[ \t]*)?$/;
const MAX_INDENT = 100;
const MAX_MARKERS = 1_000;

/** The index after the last marker; `undefined` if the text has none. */
export function afterMarker(text: string): number | undefined {
  let at = text.lastIndexOf(FINAL_ANSWER);
  for (let tries = 0; at >= 0 && tries < MAX_MARKERS; tries += 1) {
    // A text that begins before the line does has no beginning of a line to match: the character is no blank.
    const line = at > MAX_INDENT ? `x${text.slice(at - MAX_INDENT, at)}` : text.slice(0, at);
    if (LINE_UP_TO_MARKER.test(line)) {
      const end = at + FINAL_ANSWER.length;
      return end + (/^[*_]{0,4}/.exec(text.slice(end, end + 4))?.[0].length ?? 0);
    }
    at = at === 0 ? -1 : text.lastIndexOf(FINAL_ANSWER, at - 1);
  }
  return undefined;
}

/**
 * What the form of the text around the values reveals. Looks only for brackets, fences and signs of comments, never
 * for words. `before` and `after` are all of the text that counts except for the values themselves.
 */
export function formReasons(before: string, after: string, mode: ProseMode): Set<FidelityReason> {
  const reasons = new Set<FidelityReason>();
  if (after.includes(REMOVED)) reasons.add("unclear_thinking");
  const lead = before.replaceAll(REMOVED, "");
  const head = trimBlank(withoutOpeningFence(lead));
  if (openBracket(head) || COMMENTED_OUT.test(lastLine(lead))) reasons.add("unknown_wrapper");
  if (head !== "" && mode !== "before") reasons.add("prose");
  const tail = after.replaceAll(REMOVED, "");
  const brackets = endOfBrackets(tail);
  const surplus = brackets + (SURPLUS.exec(tail.slice(brackets))?.[0].length ?? 0);
  if (trimBlank(tail.slice(0, surplus)) !== "") reasons.add("repaired_syntax");
  if (trimBlank(withoutClosingFence(tail.slice(surplus))) !== "") reasons.add("prose");
  return reasons;
}

// What `\s` stands for, and characters that show nothing, not even a blank, and turn nothing around. A pattern would be slow here.
const BLANKS: ReadonlySet<number> = new Set([
  ...[0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x20, 0xa0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005],
  ...[0x2006, 0x2007, 0x2008, 0x2009, 0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff],
  ...[0x200b, 0x200c, 0x200d, 0x2060],
]);

/** A text without blanks, and characters of no width, at its beginning and end. */
export function trimBlank(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && BLANKS.has(text.charCodeAt(start))) start += 1;
  while (start < end && BLANKS.has(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

// Broken syntax rather than text: extra brackets (`endOfBrackets`), a comma or the like. A comment is text: it may take the value
// back, or say when it is to count.
const SURPLUS = /^(?:[ \t]*[,;])?/;

/** The index after the closing brackets, with blanks between them, that a text begins with. */
function endOfBrackets(text: string): number {
  const other = text.search(/[^\s}\]]/);
  const brackets = other < 0 ? text : text.slice(0, other);
  return Math.max(brackets.lastIndexOf("}"), brackets.lastIndexOf("]")) + 1;
}
const COMMENTED_OUT = /^\s*(?:\/\/|#|--|>|~~|<!--)/;
// Fence names that announce an answer. A diff, for instance, is not one.
export const FENCE_NAMES = "json|jsonc|json5|jsonl|javascript|js|text|plaintext";
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
