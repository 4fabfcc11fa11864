import type { FidelityReason } from "../../base/fidelity.ts";
import {
  ANNOUNCING_WORDS,
  ASKING_AFTER,
  ASKING_BEFORE,
  COMMENTED_CHOICE,
  COMMENTED_VALUE,
  CONDITION_WORDS,
  CORRECTION_WORDS,
  ERROR_LABEL,
  HISTORY_WORDS,
  NEGATION_WORDS,
  NOT_PROPOSED_WORDS,
  ONWARD_WORDS,
  OTHERS_LABEL,
  QUOTING_WORDS,
  REFUSAL_WORDS,
  SOURCE_WORDS,
} from "./prose-words.ts";
import { shapeOf } from "./scan.ts";
import { REMOVED } from "./thinking.ts";

/**
 * What the text around JSON says about it. Harmless: nothing; a lead-in ("The next step:"), an explanation on lines of
 * its own, a code fence, a tag that announces an answer. Anything that takes the JSON back, presents it as something
 * else than the answer, or has it in the middle of a sentence is a reason for doubt.
 */
export function proseReasons(before: string, json: string, after: string): FidelityReason[] {
  const reasons = new Set<FidelityReason>();
  const head = withoutFences(before);
  const surplus = /^[\s}\]]*[}\]]/.exec(after)?.[0] ?? "";
  if (surplus !== "") reasons.add("repaired_syntax");
  const tail = withoutFences(after.slice(surplus.length));
  if (after.includes(REMOVED)) reasons.add("unclear_thinking");
  if (standsInsideSentence(head, tail)) reasons.add("inside_prose");
  if (openWrapper(before) || openBracket(head)) reasons.add("unknown_wrapper");
  const lead = leadIn(head);
  if (NEGATION_WORDS.test(lead) || REFUSAL_WORDS.test(head)) reasons.add("negated");
  if (NOT_PROPOSED_WORDS.test(lead) || QUOTING_WORDS.test(lead)) reasons.add("not_proposed");
  if (CONDITION_WORDS.test(lead) || fenceOfAnotherKind(before)) reasons.add("not_proposed");
  if (!reasons.has("negated") && speaksOfOthers(lead, json)) reasons.add("not_proposed");
  const end = tail.slice(0, MAX_TAIL);
  if (end.length < tail.length) reasons.add("inside_prose");
  if (NEGATION_WORDS.test(end) || CORRECTION_WORDS.test(end)) reasons.add("negated");
  if (NOT_PROPOSED_WORDS.test(end) || CONDITION_WORDS.test(end)) reasons.add("not_proposed");
  if (ASKING_AFTER.test(end)) reasons.add("not_proposed");
  if (namesAnotherNumber(end, json)) reasons.add("contradicted");
  return [...reasons];
}

/** True where nothing but blanks, commas, code fences and tags that announce answers stands between two values. */
export function isCleanGap(gap: string): boolean {
  const plain = gap.replace(/<\/?(\w{1,20})>/g, (tag, name: string) =>
    ANSWER_TAGS.has(name.toLowerCase()) ? " " : tag,
  );
  return /^[\s,;]*$/.test(withoutFences(plain)) && !gap.includes(REMOVED);
}

/** What comments inside JSON say about it: they take it back, or hold another value that may be the one meant. */
export function commentReasons(json: string): FidelityReason[] {
  const outside = json.replace(/"(?:[^"\\]|\\.)*"/g, blank).replace(SINGLE_QUOTED, blank);
  const comments = json.length === 0 ? [] : [...outside.matchAll(COMMENT)];
  // As it was written: quotes in a comment are part of what it says.
  const texts = comments.map(({ index, 0: text }) => json.slice(index, index + text.length)).join(" ");
  const said = texts.replace(/\/\/|\/\*|\*\/|#/g, " ");
  const reasons: FidelityReason[] = [];
  if (NEGATION_WORDS.test(said) || CORRECTION_WORDS.test(said)) reasons.push("negated");
  if (NOT_PROPOSED_WORDS.test(said) || COMMENTED_CHOICE.test(said)) reasons.push("not_proposed");
  if (COMMENTED_VALUE.test(said)) reasons.push("several_objects");
  return reasons;
}

// Blanks of the same length, so that places stay the same.
const blank = (text: string) => text.replace(/[^\n]/g, "_");
const SINGLE_QUOTED = /(?<=[:,[{]\s*)'(?:[^'\\\n]|\\.)*'/g;
const COMMENT = /(?<!\w:)\/\/[^\n]*|\/\*[\s\S]*?\*\/|(?<![\w&])#[^\n]*/g;

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

/** True where the lead-in asks, tells of the past, says where the JSON comes from, or labels it as something else. */
function speaksOfOthers(lead: string, json: string): boolean {
  const line = lead.split("\n").at(-1)?.trim() ?? "";
  if (OTHERS_LABEL.test(line) || ERROR_LABEL.test(lead)) return true;
  const isLabel = /[:：]\W*$/.test(line) && line.split(/\s+/).length <= MAX_LABEL_WORDS;
  if (isLabel && !ANNOUNCING_WORDS.test(line) && !namesStep(line, json)) return true;
  if (ONWARD_WORDS.test(lead)) return false;
  return ASKING_BEFORE.test(lead) || HISTORY_WORDS.test(lead) || SOURCE_WORDS.test(lead);
}

const MAX_LABEL_WORDS = 3;

/** True where a word of a label is a value of the JSON: `Refund:` before a refund. */
function namesStep(label: string, json: string): boolean {
  const words = label.toLowerCase().match(/\w{3,}/g) ?? [];
  return words.some((word) => json.includes(`"${word}"`));
}

/** True where the text after JSON has a number that the JSON has not: it may be what should stand there. */
function namesAnotherNumber(tail: string, json: string): boolean {
  const known = new Set(json.match(NUMBER));
  return (tail.match(NUMBER) ?? []).some((number) => !known.has(number));
}

const NUMBER = /\d+(?:[.,]\d+)*/g;

/** True where a bracket before the JSON is still open: it is part of something larger that could not be read. */
export function openBracket(head: string): boolean {
  const near = head.slice(-20_000);
  return shapeOf(near, true).open > 0 || shapeOf(near, false).open > 0;
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
  for (const tag of before.slice(-20_000).matchAll(/<(\/?)([A-Za-z_][\w:.-]{0,40})(?:[\s=][^<>]*)?(\/?)>/g)) {
    const [, closing, name = "", selfClosing] = tag;
    if (closing === "/") {
      const at = open.lastIndexOf(name.toLowerCase());
      if (at >= 0) open.length = at;
    } else if (selfClosing !== "/") open.push(name.toLowerCase());
  }
  return open.some((name) => !ANSWER_TAGS.has(name));
}
