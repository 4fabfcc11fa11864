import { BEYOND, BEYOND_WORDS, LIMITING, stem, type Tool } from "./tools.ts";

/** A piece of a request. `unreadable` words must not be ignored; `that` is the previous result. */
export type Token = { readonly text: string } /** `field`: of a tool, named beside the number. */ & (
  | { readonly kind: "number"; readonly value: number; readonly field?: string }
  | { readonly kind: "tool"; readonly tool: Tool; readonly infix: boolean }
  | { readonly kind: "that" | "preposition" | "and" | "stop" | "open" | "close" | "word" | "unreadable" }
);

const NUMBER = String.raw`(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[+-]?\d+)?|\.\d+`;
const IS_NUMBER = new RegExp(`^(?:${NUMBER})$`, "i");
// A number with anything else glued to it is none.
const PIECE = new RegExp(
  String.raw`(?:${NUMBER})(?=[-+−*/×÷·^(),]|[.;:?!"]*(?:\s|$))|\*\*|[-+−*/×÷·^(),.;:?!"]|\S+?(?=[),.;:?!"]*(?:\s|$))`,
  "gi",
);
const SPOKEN = "zero one two three four five six seven eight nine ten eleven twelve".split(" ");
const NOISE =
  /^(?:"|an?|the|i|me|my|you|we|us|can|could|will|would|shall|should|please|like|want|need|do|does|is|are|be|what(?:'s)?|how|much|many|lets?|let's|calculate|compute|numbers?|values?|first|try|use|take|now|also|again|so|just|give|tell|show|start|begin|end|thanks?|thank|ok|okay|yes)$/i;
/** `unreadable`: also digits and signs that are neither a number nor a word. */
const KINDS: readonly (readonly [Exclude<Token["kind"], "number" | "tool">, RegExp])[] = [
  ["open", /^\($/],
  ["close", /^\)$/],
  ["that", /^(?:that|it|this|result|answer)$/i],
  ["preposition", /^(?:by|with|to|from|of|in|into|among|between|on|for|at)$/i],
  ["and", /^(?:and|,|&)$/i],
  ["stop", /^(?:[.;:?!]|then|next|afterwards|finally)$/i],
  ["unreadable", /[\d%^*+/=#@~\\]/],
  ["unreadable", BEYOND],
  ["unreadable", LIMITING],
];

/** A request in pieces, without the words that do not matter for what to do. */
export function tokenize(text: string, tools: readonly Tool[]): readonly Token[] {
  const plain = text
    .replace(/[‘’]/g, "'")
    .replace(/[$€£](?=\d)|(?<=\d)[$€£](?!\S)/g, "")
    .replace(/\b(?!0x)(\d[\d.]*)x(?=\d)/gi, "$1 * ")
    .replace(/([\d)])(?=\()/g, "$1 * ")
    .replace(/(\d+(?:\.\d+)?) ?(?:%|percent) of\b/gi, (_, percent: string) => `${Number(percent) / 100} * `)
    .replace(/\bto the power of\b/gi, "^")
    .replace(/\b(?:a|one) dozen\b/gi, "12")
    .replace(/\bhow many minutes are (\d+(?:\.\d+)?) hours\b/gi, "$1 * 60");
  const pieces = (plain.match(PIECE) ?? []).filter((piece) => !NOISE.test(piece));
  const tokens: Token[] = [];
  for (let at = 0; at < pieces.length; ) {
    const [token, length] = readToken(pieces.slice(at, at + 6), tools, tokens.at(-1));
    if (token.kind !== "that" || tokens.at(-1)?.kind !== "that") tokens.push(token);
    at += length;
  }
  const beyond = BEYOND_WORDS.map((pattern) => pattern.exec(plain)?.[0]).find((found) => found !== undefined);
  if (beyond !== undefined) tokens.push({ kind: "unreadable", text: beyond });
  return tokens.some(({ kind }) => kind === "tool") ? joinNames(tokens) : byDescription(tokens, tools);
}

/**
 * Without the words that name a tool once more, as in `boil 3 eggs`, those that name one by a part of its name where another
 * one's whole name follows: `set a timer`, and those that name a field: `for a bill of 80`, `refund order A-17` although
 * another tool is called `look_up_order`.
 */
function joinNames(all: readonly Token[]): readonly Token[] {
  let before: Token | undefined;
  const tokens = nameFields(withoutFieldNames(all));
  return tokens.filter((token, at) => {
    if (token.kind === "stop" || token.kind === "and") before = undefined;
    if (token.kind !== "tool" || token.infix) return true;
    const next = tokens[at + 1];
    const isPart =
      next?.kind === "tool" && next.tool !== token.tool && hasOneWord(next.tool) && !hasOneWord(token.tool);
    const isAgain =
      before?.kind === "tool" && before.tool === token.tool && stem(before.text) !== stem(token.text);
    if (!isPart) before ??= token;
    return !isPart && !(isAgain && !hasOneWord(token.tool));
  });
}

/**
 * Gives the name of a tool's field to the number beside it: `base 2`, `a bill of 80`, `15 percent`. With a number on either
 * side, it is not clear whose name it is.
 */
function nameFields(tokens: readonly Token[]): readonly Token[] {
  const named: Token[] = [];
  let tool: Tool | undefined;
  let field: string | undefined;
  for (const [at, token] of tokens.entries()) {
    if (token.kind === "tool" && !token.infix) tool = token.tool;
    const name = token.kind === "word" ? numberField(token.text, tool) : undefined;
    if (name !== undefined) {
      const before = named.at(-1);
      const after = tokens[tokens[at + 1]?.text === "of" ? at + 2 : at + 1];
      const follows = before?.kind === "number" && before.field === undefined;
      if (follows && after?.kind === "number") named.push({ kind: "unreadable", text: token.text });
      else if (follows) named.splice(-1, 1, { ...before, field: name });
      else field = name;
    } else {
      named.push(token.kind === "number" && field !== undefined ? { ...token, field } : token);
      if (token.text !== "of") field = undefined;
    }
  }
  return named;
}

function numberField(word: string, tool: Tool | undefined): string | undefined {
  return tool?.fields.find(({ name, holds }) => holds === "number" && stem(name) === stem(word))?.name;
}

/** Without the words that name a field of the tool before them, although they are a part of another tool's name. */
function withoutFieldNames(tokens: readonly Token[]): readonly Token[] {
  let before: Token | undefined;
  return tokens.filter((token) => {
    if (token.kind === "stop" || token.kind === "and") before = undefined;
    if (token.kind !== "tool" || token.infix) return true;
    const isField =
      before?.kind === "tool" &&
      before.tool !== token.tool &&
      !hasOneWord(token.tool) &&
      namesText(before.tool, token);
    if (!isField) before = token;
    return !isField;
  });
}

function namesText({ fields }: Tool, { text }: Token): boolean {
  return fields.some(({ name, holds }) => holds === "text" && stem(name.replace(/_.*/, "")) === stem(text));
}

function hasOneWord({ names }: Tool): boolean {
  return names[0]?.length === 1;
}

/** The token at the beginning of the pieces, and how many of them it takes. */
function readToken(pieces: readonly string[], tools: readonly Tool[], before?: Token): [Token, number] {
  const [text = "", next = ""] = pieces;
  const value = toNumber(text);
  if (value !== undefined) return [{ kind: "number", value, text }, 1];
  const positive = toNumber(next);
  const afterValue = ["number", "that", "close"].includes(before?.kind ?? "");
  if (positive !== undefined && !afterValue && /^(?:[-−]|minus|negative)$/i.test(text)) {
    return [{ kind: "number", value: 0 - positive, text: `-${next}` }, 2];
  }
  const own = stem(text);
  const infix = tools.find(({ infixes }) => infixes.includes(own));
  if (infix !== undefined) return [{ kind: "tool", tool: infix, infix: true, text }, 1];
  const [named] = tools
    .flatMap((tool) => tool.names.map((name) => ({ tool, name })))
    .filter(({ name }) => name.every((wanted, at) => stem(pieces[at] ?? "") === wanted))
    .sort((a, b) => b.name.length - a.name.length);
  if (named !== undefined) {
    return [{ kind: "tool", tool: named.tool, infix: /[a-z]ed$/i.test(text), text }, named.name.length];
  }
  const kind = KINDS.find(([, pattern]) => pattern.test(text))?.[0] ?? "word";
  // `15 percent` is clear where a field wants a percent.
  const isField = tools.some(({ fields }) => fields.some(({ name }) => stem(name) === own));
  return [{ kind: kind === "unreadable" && isField ? "word" : kind, text }, 1];
}

function toNumber(text: string): number | undefined {
  const value = IS_NUMBER.test(text) ? Number(text.replaceAll(",", "")) : SPOKEN.indexOf(text.toLowerCase());
  const isExact = value <= Number.MAX_SAFE_INTEGER || (/e/i.test(text) && value < Number.POSITIVE_INFINITY);
  return value < 0 || !isExact ? undefined : value;
}

/**
 * If no tool is named, the first word that occurs in only one tool's description stands for it; the other words of that
 * description are dropped.
 */
function byDescription(tokens: readonly Token[], tools: readonly Tool[]): readonly Token[] {
  const named = tokens.map(({ text }) => tools.filter(({ hints }) => hints.includes(stem(text))));
  const at = named.findIndex(({ length }) => length === 1);
  const [tool] = named[at] ?? [];
  if (tool === undefined) return tokens;
  const begun = tokens.with(at, { kind: "tool", tool, infix: false, text: tool.intent });
  return begun.filter((_, place) => place === at || !named[place]?.includes(tool));
}
