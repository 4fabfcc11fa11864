import type { Fidelity } from "../base/completion.ts";
import { type Said, wordsAround } from "../prompts/gate/said.ts";
import type { Answer } from "../prompts/types.ts";
import type { OwnWords } from "../thread/events.ts";

/** How many characters of a completion's words are kept beside its step; the completion itself is kept whole. */
const MAX_KEPT = 20_000;

/**
 * What the model wrote beside its step, to be stored with the step: for the card of an approval, and for asking whether the
 * step was meant. If there are several values, they are part of it: one may be a draft of another.
 */
export function ownWords(answer: Answer<unknown>): OwnWords | undefined {
  if (!answer.ok || answer.said === undefined) return undefined;
  const words = plainWords(answer.said);
  if (words === "") return wordsInside(answer.said, answer.fidelity);
  const whole = answer.said.json.length > 1 ? answer.said.text.trim() : words;
  const text = cutAtBlank(whole);
  return whole === words
    ? { text, length: whole.length }
    : { text, length: whole.length, withoutJson: cutAtBlank(words) };
}

/** The whole of it where there may be words within the JSON, in comments or in a field that the step does not have. */
function wordsInside({ text }: Said, { reasons }: Fidelity): OwnWords | undefined {
  const mayHoldWords =
    reasons.includes("extra_field") || (reasons.includes("repaired_syntax") && COMMENT.test(text));
  if (!mayHoldWords) return undefined;
  const whole = text.trim();
  return { text: cutAtBlank(whole), length: whole.length, withoutJson: "" };
}

const COMMENT = /\/[/*]|#|<!--/;

/** The words without a code fence around the JSON. */
function plainWords(said: Said): string {
  const words = wordsAround(said, STAND_IN)
    .replaceAll(/(?:```|~~~)[\w-]*\s*(\[JSON\](?:[\s,]*\[JSON\])*)\s*(?:```|~~~)/g, "$1")
    .trim();
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
