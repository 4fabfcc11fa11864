import { endOfValue } from "./scan.ts";

/** A completion without the model's thoughts. */
export interface Visible {
  /** Each removed block leaves one `REMOVED` behind, so that the text on either side does not look adjacent. */
  readonly text: string;
  /** Thoughts that never end, or end twice: what is left may be less or more than the answer. */
  readonly unclear: boolean;
  /** So many tags that the rest was not looked at: no answer has them. */
  readonly tooManyTags?: boolean;
}

/** Stands in place of thoughts. A control character, because no answer holds it by chance. */
export const REMOVED = "\u0001";

const NAMES =
  "think|thinking|thought|thoughts|reasoning|reflection|reflect|scratchpad|analysis|rationale|deliberation|" +
  "inner_monologue|internal_monologue|inner_thoughts|chain_of_thought|cot|antthinking|seed:think|ponder";

// What is written into an opening tag is part of the thought that follows; a closing one has room for nothing.
const TAG = String.raw`<\s{0,2}(?:${NAMES})\b[^<>]*>|<\s{0,2}(?<close>/)\s{0,2}(?:${NAMES})\s{0,2}>`;
const MARKS = String.raw`\[(?<close2>/?)THINK\]|◁(?<close3>/?)think▷|<\|(?<bar>begin|end)_of_thought\|>`;
const CHANNEL = String.raw`<\|channel\|>(?<channel>[^<]*(?:<\|constrain\|>[^<]*)?)<\|message\|>`;
// The role of the one who answers, and no other word: whatever else stands there is text.
const ROLE = String.raw`assistant(?![^\s<{[])`;
const END = String.raw`<\|(?:end|return|call)\|>|<\|start\|>(?:${ROLE})?`;
// Those of known templates: a name that nobody knows may be words.
const TOKEN_NAMES =
  "im_sep|im_end|eot_id|eom_id|eot|eos|bos|sep|pad|endoftext|end_of_text|begin_of_text|endofprompt|message|assistant|" +
  "begin_of_sentence|end_of_sentence|start_of_turn|end_of_turn|start_of_turn_token|end_of_turn_token|chatbot_token|" +
  "start_response|end_response|begin_of_box|end_of_box|python_tag|tool_call|/tool_call";
const TOKEN =
  String.raw`<\|(?:${TOKEN_NAMES})\|>|</?s>|<(?:bos|eos|end_of_turn)>|` +
  String.raw`<\|im_start\|>(?:${ROLE}\n)?|<\|start_header_id\|>${ROLE}<\|end_header_id\|>|<start_of_turn>model\n|` +
  "<｜(?:end▁of▁sentence|begin▁of▁sentence|Assistant)｜>";

const TAGS = `${TAG}|${MARKS}|${CHANNEL}|(?<stop>${END})|(?<token>${TOKEN})|(?<mark>${REMOVED})`;
// Without the flag `u`, which makes the search several times as long.
const NEXT_TAG = new RegExp(TAGS, "gi");
const NEXT_TAG_OR_BRACKET = new RegExp(`${TAGS}|[{[]`, "gi");
const HINT = new RegExp(String.raw`<|\[/?THINK|◁|${REMOVED}`, "i");
const FINAL = /^final(?:\s*(?:<\|constrain\|>)?\s*json)?$/;
const MAX_NAME = 40;

// Only reading on, at worst to the end each time, tells whether a bracket opens strict JSON: limits on the
// characters read for that in all, and on the number of brackets that are looked at.
const MAX_LOOKED_AT = 2_000_000;
const MAX_LOOKS = 300;
const MAX_FAILED_LOOKS = 30;
const MAX_BRACKETS = 5_000;
/** Tags of thoughts and tokens of templates in one completion. */
export const MAX_TAGS = 1_000;

/**
 * Removes think blocks (`<think>`, `<reasoning>`, `[THINK]`, … in any case, nested, unclosed, or closed without having
 * been opened, as by models whose template opens them) and every harmony channel except `final`. Tags inside strict
 * JSON are text and stay.
 */
export function withoutThinking(completion: string): Visible {
  if (!HINT.test(completion)) return { text: completion, unclear: false };
  let kept = "";
  let unclear = false;
  let thinking = 0;
  let thought = false;
  let hiddenChannel = false;
  let position = 0;
  let lookedAt = 0;
  let looks = 0;
  let failedLooks = 0;
  let tags = 0;
  const keep = (end: number) => {
    if (thinking === 0 && !hiddenChannel) kept += completion.slice(position, end);
    position = end;
  };
  let from = 0;
  const next = (): RegExpExecArray | null => {
    const mayLook = lookedAt < MAX_LOOKED_AT && looks < MAX_LOOKS && failedLooks < MAX_FAILED_LOOKS;
    const pattern = mayLook && thinking === 0 && !hiddenChannel ? NEXT_TAG_OR_BRACKET : NEXT_TAG;
    pattern.lastIndex = from;
    const match = pattern.exec(completion);
    from = pattern.lastIndex;
    return match;
  };
  for (let match = next(); match !== null; match = next()) {
    const { index: at, 0: found, groups = {} } = match;
    if (found === "{" || found === "[") {
      const end = endOfValue(completion, at, true, MAX_BRACKETS);
      lookedAt += (end < 0 ? completion.length : end) - at;
      looks += 1;
      if (end > 0 && isJson(completion.slice(at, end))) from = end;
      else failedLooks += 1;
      continue;
    }
    tags += 1;
    if (tags > MAX_TAGS) return { text: "", unclear: true, tooManyTags: true };
    keep(at);
    position = at + found.length;
    if (groups["channel"] !== undefined) {
      const name = groups["channel"].trim();
      hiddenChannel = !name.startsWith("final");
      if (hiddenChannel) kept += REMOVED;
      // What else stands in the name of the final channel is text.
      else if (name.length > MAX_NAME || !FINAL.test(name)) kept += ` ${name} `;
    } else if (groups["stop"] !== undefined) {
      hiddenChannel = false;
    } else if (groups["token"] !== undefined) {
      kept += " ";
    } else if (groups["mark"] !== undefined) {
      // Nobody but this file may write the mark.
      unclear = true;
    } else if (isClosing(groups)) {
      // Closed without having been opened: everything before it was thought. Closed again after thoughts had
      // ended: the text in between may have been the answer.
      if (thinking === 0) {
        unclear ||= thought && /[{[]/.test(kept);
        kept = "";
      }
      thought = true;
      thinking = Math.max(0, thinking - 1);
      if (thinking === 0) kept += REMOVED;
    } else {
      thinking += 1;
    }
  }
  if (thinking > 0) unclear = true;
  keep(completion.length);
  return { text: kept, unclear };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isClosing(groups: Readonly<Record<string, string | undefined>>): boolean {
  return (
    groups["close"] === "/" || groups["close2"] === "/" || groups["close3"] === "/" || groups["bar"] === "end"
  );
}

const LEADING = new RegExp(String.raw`^\s*<\s{0,2}(${NAMES})\b[^<>]*>`, "iu");

/**
 * The same for functions that return plain text, where such a tag may be part of the answer: removes only a block at
 * the very beginning. `unclear` if the block does not end, or if there is a closing tag alone.
 */
export function withoutLeadingThinking(completion: string): Visible {
  const open = LEADING.exec(completion);
  const name = open?.[1];
  if (open === null || name === undefined) {
    const alone = /<\/\s{0,2}(?:think|thinking|reasoning)\s{0,2}>/i.test(completion);
    return { text: completion, unclear: alone };
  }
  const end = completion.toLowerCase().indexOf(`</${name.toLowerCase()}>`, open[0].length);
  if (end < 0) return { text: "", unclear: true };
  return { text: completion.slice(end + name.length + 3).trimStart(), unclear: false };
}
