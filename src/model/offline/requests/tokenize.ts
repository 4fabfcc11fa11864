import { BEYOND, stem, type Tool } from "./tools.ts";

/** A piece of a request. `unreadable` words must not be ignored; `that` is the previous result. */
export type Token = { readonly text: string } & (
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "tool"; readonly tool: Tool; readonly infix: boolean }
  | { readonly kind: "that" | "preposition" | "and" | "stop" | "open" | "close" | "word" | "unreadable" }
);

const NUMBER = String.raw`(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[+-]?\d+)?|\.\d+`;
const IS_NUMBER = new RegExp(`^(?:${NUMBER})$`, "i");
const PIECE = new RegExp(
  String.raw`(?:${NUMBER})(?![\w%])|\*\*|[-+−*/×÷·^(),.;:?!"]|\S+?(?=[),.;:?!"]*(?:\s|$))`,
  "gi",
);
const SPOKEN = "zero one two three four five six seven eight nine ten eleven twelve".split(" ");
const NOISE =
  /^(?:"|an?|the|i|me|my|you|we|us|can|could|will|would|shall|should|please|like|want|need|do|does|is|are|be|what(?:'s)?|how|much|many|lets?|let's|calculate|compute|numbers?|values?|first|try|use|take|now|also|again|so|just|give|tell|show|start|begin|at|end|thanks?|thank|ok|okay|yes)$/i;
/** `unreadable`: also digits and signs that are no number. */
const KINDS: readonly (readonly [Exclude<Token["kind"], "number" | "tool">, RegExp])[] = [
  ["open", /^\($/],
  ["close", /^\)$/],
  ["that", /^(?:that|it|this|result|answer)$/i],
  ["preposition", /^(?:by|with|to|from|of|in|into|among|between|on|for)$/i],
  ["and", /^(?:and|,|&)$/i],
  ["stop", /^(?:[.;:?!]|then|next|afterwards|finally)$/i],
  ["unreadable", /[\d%^*+/=]/],
  ["unreadable", BEYOND],
];

/** A request in pieces, without the words that do not matter for what to do. */
export function tokenize(text: string, tools: readonly Tool[]): readonly Token[] {
  const plain = text
    .replace(/[‘’]/g, "'")
    .replace(/[$€£](?=\d)/g, "")
    .replace(/(\d)x(?=\d)/gi, "$1 * ")
    .replace(/(\d+(?:\.\d+)?) ?(?:%|percent) of\b/gi, (_, percent: string) => `${Number(percent) / 100} * `)
    .replace(/\bto the power of\b/gi, "^");
  const pieces = (plain.match(PIECE) ?? []).filter((piece) => !NOISE.test(piece));
  const tokens: Token[] = [];
  for (let at = 0; at < pieces.length; ) {
    const [token, length] = readToken(pieces.slice(at, at + 6), tools, tokens.at(-1));
    if (token.kind !== "that" || tokens.at(-1)?.kind !== "that") tokens.push(token);
    at += length;
  }
  return tokens.some(({ kind }) => kind === "tool") ? tokens : byDescription(tokens, tools);
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
  return [{ kind: KINDS.find(([, pattern]) => pattern.test(text))?.[0] ?? "word", text }, 1];
}

function toNumber(text: string): number | undefined {
  const value = IS_NUMBER.test(text) ? Number(text.replaceAll(",", "")) : SPOKEN.indexOf(text.toLowerCase());
  return value < 0 || value === Number.POSITIVE_INFINITY ? undefined : value;
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
