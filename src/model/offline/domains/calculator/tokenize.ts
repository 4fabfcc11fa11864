import { readNumber } from "./number-words.ts";
import type { Operation, Token, Unary, Verb } from "./tokens.ts";

/** A person's text as tokens; politeness and filling words are left out. */
export function tokenize(text: string): readonly Token[] {
  const lower = normalize(text);
  const tokens: Token[] = [];
  for (let at = 0; at < lower.length; ) {
    const { length, token } = readToken(lower, at);
    if (token !== undefined) tokens.push(token);
    at += Math.max(length, 1);
  }
  return tokens;
}

function normalize(text: string): string {
  return text
    .toLowerCase()
    .replace(/[\u2018\u2019]/g, "'")
    .replace(/[\u2212\u2013\u2014]/g, "-")
    .replace(/[×·∗]/g, "*")
    .replace(/÷/g, "/")
    .replace(/²/g, " squared ")
    .replace(/³/g, " cubed ")
    .replace(/½/g, ".5");
}

interface Read {
  readonly length: number;
  readonly token?: Token;
}

function readToken(text: string, at: number): Read {
  for (const [pattern, make] of PATTERNS) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null && match[0] !== "") {
      const token = make?.(match);
      return token === undefined ? { length: match[0].length } : { length: match[0].length, token };
    }
  }
  const number = readNumber(text, at);
  if (number !== undefined) return readPercent(text, at, number);
  WORD.lastIndex = at;
  const word = WORD.exec(text)?.[0] ?? text.charAt(at);
  const bare = word.replace(/[.!?"'`]+$/, "");
  return { length: Math.max(bare.length, 1), token: { kind: "word", text: bare } };
}

const WORD = /[^\s,;()]+/y;
const PERCENT = /\s*(?:%|per ?cent\b)/y;

function readPercent(
  text: string,
  at: number,
  number: { value: number; length: number; split?: readonly [number, number] },
): Read {
  PERCENT.lastIndex = at + number.length;
  const sign = PERCENT.exec(text)?.[0];
  if (sign === undefined) {
    const { value, split } = number;
    const token = { kind: "number", value, percent: false } as const;
    return { length: number.length, token: split === undefined ? token : { ...token, split } };
  }
  return {
    length: number.length + sign.length,
    token: { kind: "number", value: number.value / 100, percent: true },
  };
}

type Make = (match: RegExpExecArray) => Token;
type Pattern = readonly [pattern: RegExp, make: Make | undefined];

/** A phrase, as whole words, where it stands. */
const phrase = (source: string, make?: Make): Pattern => [new RegExp(`(?:${source})(?![\\w])`, "y"), make];
const symbol = (source: string, make?: Make): Pattern => [new RegExp(source, "y"), make];
const infix = (source: string, operation: Operation, reverse = false): Pattern =>
  phrase(source, () => ({ kind: "infix", operation, symbol: false, reverse }));
const sign = (source: string, operation: Operation): Pattern =>
  symbol(source, () => ({ kind: "infix", operation, symbol: true, reverse: false }));
const verb = (source: string, name: Verb): Pattern =>
  phrase(source, (match) => ({ kind: "verb", verb: name, gerund: match[0].endsWith("ing") }));
const unary = (source: string, name: Unary): Pattern =>
  phrase(source, () => ({ kind: "unary", unary: name }));
const postfix = (source: string, name: Unary): Pattern =>
  phrase(source, () => ({ kind: "postfix", unary: name }));
const separator = (source: string): Pattern => phrase(source, () => ({ kind: "then" }));

const ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth".split(" ");
const RESULT = "(?:results?|answers?|ones?|values?|outcomes?|totals?)";

/** Tried in this order at each place. */
const PATTERNS: readonly Pattern[] = [
  symbol("\\n+|[;?!:]+|\\.(?!\\d)", () => ({ kind: "then" })),
  symbol("\\s+|[\"'`=]+|[$€£](?=\\s*[\\d.])"),
  symbol("\\(", () => ({ kind: "open" })),
  symbol("\\)", () => ({ kind: "close" })),
  symbol(",", () => ({ kind: "comma" })),
  phrase("and|&", () => ({ kind: "and" })),

  symbol("\\*\\*|\\^", () => ({ kind: "power" })),
  phrase("(?:raised )?to the (?:power of|power)|raised to", () => ({ kind: "power" })),
  sign("\\+", "add"),
  sign("-(?=\\s*[\\w.(-])", "subtract"),
  sign("\\*|x(?=\\s*[-\\d(])(?<![a-z]x)", "multiply"),
  sign("/", "divide"),

  phrase(
    "(?:the )?(?:square|cube) roots?|sqrt|modulo|mod|remainder|log(?:arithm)?|sine?|cosine?|cos|tan(?:gent)?|factorial|derivative|integral|solve",
    (match) => ({
      kind: "unsupported",
      text: match[0],
    }),
  ),

  // References to results come before the operations they are named after.
  phrase(
    "(?:the )?(?:result|answer|outcome|value) of(?! (?:the|my|your)? ?(?:calculation|request|operation|first|second|third|last|previous))",
  ),
  phrase(`(?:the |my |that )?(${ORDINALS.join("|")}) ${RESULT}`, (match) => ({
    kind: "reference",
    which: ORDINALS.indexOf(match[1] ?? ""),
  })),
  phrase(
    `(?:both|the two|these two|those two)(?: of)?(?: the| these| those)? ${RESULT}|both of them|them|both`,
    () => ({
      kind: "reference",
      which: "pair",
    }),
  ),
  phrase(`(?:all|these|those)(?: of)?(?: the| these| those)? ${RESULT}|all of them`, () => ({
    kind: "reference",
    which: "all",
  })),
  phrase(
    `(?:the )?(?:last|previous|latest|final|current|preceding) ${RESULT}|(?:that|this|the|your|this new|the new|that new) ${RESULT}|the (?:sum|total|product|difference|quotient|average)(?! (?:of|between))|what(?:'s| is) left|the rest|result|that|this|it`,
    () => ({ kind: "reference", which: "last" }),
  ),

  phrase("(?:the )?(?:sum|total)(?: of| between)", () => ({ kind: "noun", noun: "sum" })),
  phrase("(?:the )?product(?: of| between)", () => ({ kind: "noun", noun: "product" })),
  phrase("(?:the )?difference(?: of| between)", () => ({ kind: "noun", noun: "difference" })),
  phrase("(?:the )?(?:quotient|ratio)(?: of| between)", () => ({ kind: "noun", noun: "quotient" })),
  phrase("(?:the )?(?:average|mean)(?: of| between)?", () => ({ kind: "noun", noun: "average" })),

  postfix("squared", "square"),
  postfix("cubed", "cube"),
  postfix("doubled", "double"),
  postfix("tripled", "triple"),
  postfix("halved", "halve"),
  unary("(?:the )?square of", "square"),
  unary("(?:the )?cube of", "cube"),
  unary("(?:the )?double of|twice|two times", "double"),
  unary("(?:the )?triple of|thrice|three times", "triple"),
  unary("(?:a |the |one )?half (?:of|the)", "halve"),
  unary("(?:a |the |one )?third of", "third"),
  unary("(?:a |the |one )?(?:quarter|fourth) of", "quarter"),
  verb("doubl(?:e|ing)", "double"),
  verb("tripl(?:e|ing)", "triple"),
  verb("quadrupl(?:e|ing)", "quadruple"),
  verb("halv(?:e|ing)|cut(?:ting)?(?= [^,;.]*in half\\b)", "halve"),
  verb("squar(?:e|ing)", "square"),
  verb("cub(?:e|ing)", "cube"),
  verb("negat(?:e|ing)", "negate"),

  infix("less than", "subtract", true),
  infix("more than|greater than", "add", true),
  infix("plus|added (?:to|with)|increased by|more", "add"),
  infix("minus|negative|less|decreased by|reduced by|lowered by", "subtract"),
  infix("subtracted from|taken from", "subtract", true),
  infix("times|multiplied (?:by|with)", "multiply"),
  infix("divided by|over", "divide"),

  verb("add(?:ing)?(?: (?:up|together))*|sum(?:ming)?(?: up)?|total(?: up)?", "add"),
  verb(
    "subtract(?:ing)?|deduct(?:ing)?|tak(?:e|ing) away|remov(?:e|ing)|tak(?:e|ing)(?= [^,;.]*? (?:from|off|away from)\\b)",
    "subtract",
  ),
  verb("multipl(?:y|ying)(?: up)?", "multiply"),
  verb("divid(?:e|ing)(?: up)?|split(?:ting)?|shar(?:e|ing)", "divide"),
  verb("increas(?:e|ing)|grow(?:ing)?", "increase"),
  verb("decreas(?:e|ing)|reduc(?:e|ing)|lower(?:ing)?", "decrease"),
  verb("rais(?:e|ing)", "raise"),

  phrase(
    "tak(?:e|ing)|start(?:ing)?(?: (?:with|from|at|off with))?|begin(?:ning)?(?: (?:with|from|at))?|given",
    () => ({ kind: "start" }),
  ),
  separator(
    "(?:and )?then|after(?:wards| that| this)?|next|finally|lastly|followed by|once (?:that|this) is done",
  ),
  separator(
    "what(?:'s|s| is| are| do| does| would)?|how (?:much|many)|tell|give|show|let me know|report|return|compute|calculate|work out|find(?: out)?|evaluate",
  ),
  phrase("by|to|onto|from|with|of|into|between|among|amongst|off|in", (match) => ({
    kind: "preposition",
    word: match[0],
  })),
  phrase(
    "(?:the )?(?:one|two|three|four|five|\\d+) (?=(?:numbers|values|results|steps|operations)\\b)|(?:in )?one step at a time|step by step|in half",
  ),
  // `a` stays for the number words `a hundred`, `a dozen`.
  phrase(
    "an?(?! (?:hundred|thousand|million|billion|dozen)\\b)|the|please|pls|numbers?|values?|figures?|together|up|both|just|now|so|also|again|can|could|would|will|you|i|we|me|my|us|want|wants|like|need|have|get|got|let's|lets|is|are|be|equals?|hey|hi|hello|ok(?:ay)?|well|there|do|does|if|when|first|thanks?|kindly",
  ),
];
