import type { FidelityReason } from "../fidelity.ts";
import {
  CONDITION_WORDS,
  CORRECTION_WORDS,
  NEGATION_WORDS,
  NOT_PROPOSED_WORDS,
  QUOTING_WORDS,
  REFUSAL_WORDS,
} from "./prose-words.ts";
import { REMOVED } from "./thinking.ts";

/**
 * What the text around JSON says about it. Harmless: nothing; a lead-in ("The next step:"), an explanation on lines of
 * its own, a code fence, a tag that announces an answer. Anything that takes the JSON back, presents it as something
 * else than the answer, or has it in the middle of a sentence is a reason for doubt.
 */
export function proseReasons(before: string, after: string): FidelityReason[] {
  const reasons = new Set<FidelityReason>();
  const head = withoutFences(before);
  const surplus = /^[\s}\]]*[}\]]/.exec(after)?.[0] ?? "";
  if (surplus !== "") reasons.add("repaired_syntax");
  const tail = withoutFences(after.slice(surplus.length));
  if (after.includes(REMOVED)) reasons.add("unclear_thinking");
  if (standsInsideSentence(head, tail)) reasons.add("inside_prose");
  if (openWrapper(before)) reasons.add("unknown_wrapper");
  const lead = leadIn(head);
  if (NEGATION_WORDS.test(lead) || REFUSAL_WORDS.test(head)) reasons.add("negated");
  if (NOT_PROPOSED_WORDS.test(lead) || QUOTING_WORDS.test(lead)) reasons.add("not_proposed");
  if (CONDITION_WORDS.test(lead) || fenceOfAnotherKind(before)) reasons.add("not_proposed");
  const end = tail.slice(0, MAX_TAIL);
  if (end.length < tail.length) reasons.add("inside_prose");
  if (NEGATION_WORDS.test(end) || CORRECTION_WORDS.test(end)) reasons.add("negated");
  if (NOT_PROPOSED_WORDS.test(end) || CONDITION_WORDS.test(end)) reasons.add("not_proposed");
  return [...reasons];
}

/** True where nothing but blanks, commas, code fences and tags that announce answers stands between two values. */
export function isCleanGap(gap: string): boolean {
  const plain = gap.replace(/<\/?(\w{1,20})>/g, (tag, name: string) =>
    ANSWER_TAGS.has(name.toLowerCase()) ? " " : tag,
  );
  return /^[\s,;]*$/.test(withoutFences(plain)) && !gap.includes(REMOVED);
}

/** True where a comment inside JSON takes it back. */
export function commentReasons(json: string): FidelityReason[] {
  const outside = json.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  const comments = outside.match(/\/\/[^\n]*|\/\*[\s\S]*?\*\/|#[^\n]*/g)?.join(" ") ?? "";
  return NEGATION_WORDS.test(comments) || CORRECTION_WORDS.test(comments) ? ["negated"] : [];
}

// An answer is followed by a few words, not by pages.
const MAX_TAIL = 20_000;
const MAX_LEAD = 400;

const FENCE = /^[ \t]*(?:```|~~~)[ \t]*[\w+-]*[ \t]*$/gm;

const ANSWER_FENCES = new Set(
  "json jsonc json5 jsonl javascript js typescript ts python py text txt plaintext tool_code tool_call baml".split(
    " ",
  ),
);

/** True in a code fence that announces something else than an answer: a diff, say. */
function fenceOfAnotherKind(before: string): boolean {
  const fences = [...before.slice(-20_000).matchAll(FENCE_NAME)].map((match) => match[1] ?? "");
  const open = fences.length % 2 === 1 ? (fences.at(-1) ?? "") : "";
  return open !== "" && !ANSWER_FENCES.has(open.toLowerCase());
}

const FENCE_NAME = /^[ \t]*(?:```|~~~)[ \t]*([\w+-]*)/gm;

function withoutFences(text: string): string {
  return text.replace(FENCE, "").replaceAll(REMOVED, "");
}

/** The last sentence before the JSON: what is said of it, rather than on the way to it. */
function leadIn(head: string): string {
  const near = head.slice(-MAX_LEAD).trimEnd();
  const sentences = near.split(/(?<=[.!?。！？])\s+|\n\s*\n/).filter((sentence) => sentence.trim() !== "");
  return sentences.at(-1) ?? "";
}

const LINE_START_ALLOWED = /^(?:[-*•]|\d{1,2}[.)]|[A-Za-z_ ]{1,30}[:=])?$/;
const LEAD_END =
  /[:：.!?。！？>=→]\**$|(?:^|\s)(?:is|be|follows|returns?|step|answer|output|result|response|json)$/iu;

function standsInsideSentence(head: string, tail: string): boolean {
  const line = lastLine(head);
  if (/^(?:>|\/\/|#|--|~~)/.test(line) || /~~\s*$/.test(head)) return true;
  if (line !== "" && !LINE_START_ALLOWED.test(line) && !LEAD_END.test(line)) return true;
  const next = (tail.split("\n", 1)[0] ?? "").replace(/^[`*"'”’)\]\s]+/, "");
  if (next === "" || /^<\/?[\w|]/.test(next)) return false;
  return !/^[.;!。；！,]?$|^[.;!。；！]\s/u.test(next);
}

function lastLine(head: string): string {
  return (head.split("\n").at(-1) ?? "").replace(/[`*"'“‘(\s]+$/, "").trim();
}

const ANSWER_TAGS = new Set(
  (
    "answer final final_answer output response result json step next_step nextstep action tool_call tool function_call " +
    "solution assistant reply code pre"
  ).split(" "),
);

/** True where the JSON stands inside a tag that does not announce an answer, or inside a comment. */
function openWrapper(before: string): boolean {
  if (before.lastIndexOf("<!--") > before.lastIndexOf("-->")) return true;
  const open: string[] = [];
  for (const tag of before.slice(-20_000).matchAll(/<(\/?)([A-Za-z_][\w:.-]{0,40})(?:\s[^<>]*)?(\/?)>/g)) {
    const [, closing, name = "", selfClosing] = tag;
    if (closing === "/") {
      const at = open.lastIndexOf(name.toLowerCase());
      if (at >= 0) open.length = at;
    } else if (selfClosing !== "/") open.push(name.toLowerCase());
  }
  return open.some((name) => !ANSWER_TAGS.has(name));
}
