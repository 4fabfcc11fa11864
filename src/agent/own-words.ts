import { FENCE_NAMES } from "../prompts/gate/form.ts";
import { commentsIn } from "../prompts/gate/read-json.ts";
import { type Said, wordsAround } from "../prompts/gate/said.ts";
import type { Answer } from "../prompts/types.ts";
import type { OwnWords } from "../thread/events.ts";

/** How many characters of a completion's words are kept beside its step; the completion itself is kept whole. */
const MAX_KEPT = 20_000;

/**
 * What the model wrote and its step does not hold, to be stored with the step: for the card of an approval, and for asking
 * whether the step was meant. If there is more than words beside the JSON (another value, a comment, a field or value that the
 * step does not have), it is the whole completion. `undefined` if there is nothing.
 */
export function ownWords(answer: Answer<unknown>): OwnWords | undefined {
  if (!answer.ok || answer.said === undefined) return undefined;
  const { said } = answer;
  const words = plainWords(said);
  const reasons = [answer, ...answer.more].flatMap(({ fidelity }) => fidelity.reasons);
  const comments = reasons.includes("repaired_syntax") ? commentsWithin(said) : "";
  if (!holdsMore(said, reasons) && comments === "") return words === "" ? undefined : keepWords(words);
  return { ...keepWords(said.text.trim()), withoutJson: cutAtBlank(words === "" ? comments : words) };
}

function keepWords(text: string): OwnWords {
  return { text: cutAtBlank(text), length: text.length };
}

// What these say of a value, the step and the words beside it show as well.
const NOTHING_MORE: ReadonlySet<string> = new Set([
  "repaired_syntax",
  "retyped_value",
  "loose_match",
  "defaulted_list",
  "wrapped_in_list",
  "prose",
  "unknown_wrapper",
  "unclear_thinking",
  "invalid_text",
  "unknown_finish",
  "no_json",
]);

/** True if a value is not as it was written, something was dropped, or there are several: one may be a draft of another. */
function holdsMore({ json }: Said, reasons: readonly string[]): boolean {
  return json.length > 1 || reasons.some((reason) => !NOTHING_MORE.has(reason));
}

function commentsWithin({ text, json }: Said): string {
  return json.flatMap(({ start, end }) => commentsIn(text.slice(start, end))).join("\n");
}

const NAMELESS_FENCE = new RegExp(
  String.raw`(?:\`\`\`|~~~)[ \t]*(?:${FENCE_NAMES})?\s*(\[JSON\](?:[\s,]*\[JSON\])*)\s*(?:\`\`\`|~~~)`,
  "gi",
);

/** The words without a code fence around the JSON, unless it has a name that says something. */
function plainWords(said: Said): string {
  const words = wordsAround(said, STAND_IN).replaceAll(NAMELESS_FENCE, "$1").trim();
  return words.replaceAll(STAND_IN, "").trim() === "" ? "" : words;
}

const STAND_IN = "[JSON]";

/** Cuts only at a blank, so that no secret is cut into something that the rules no longer recognise. */
function cutAtBlank(text: string): string {
  if (text.length <= MAX_KEPT) return text.toWellFormed();
  const start = text.slice(0, MAX_KEPT);
  const blank = Math.max(start.lastIndexOf(" "), start.lastIndexOf("\n"));
  return start.slice(0, blank > 0 ? blank : MAX_KEPT).toWellFormed();
}
