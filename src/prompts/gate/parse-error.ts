import { endOfString } from "./scan.ts";

/** One problem in BAML's error, with the problems that caused it. */
export interface ErrorNode {
  readonly reason: string;
  readonly causes: readonly ErrorNode[];
}

const NODE = "ParsingError { scope: [";
const MAX_DEPTH = 50;
// A reason holds the value that was found, of any length.
const MAX_REASON = 2_000;
/**
 * Reads Rust's debug output: `ParsingError { scope: ["a"], reason: "…", causes: [ParsingError { … }, …] }`. `undefined`
 * if the error is something else.
 */
export function readParseError(error: unknown): ErrorNode | undefined {
  const text = error instanceof Error ? error.message : "";
  const start = text.indexOf(NODE);
  return start < 0 ? undefined : readNode(text, start, 0)?.node;
}

function readNode(text: string, start: number, depth: number): { node: ErrorNode; end: number } | undefined {
  if (!text.startsWith(NODE, start) || depth > MAX_DEPTH) return undefined;
  const reasonAt = text.indexOf('reason: "', start);
  if (reasonAt < 0) return undefined;
  const end = endOfString(text, reasonAt + 8);
  const reason = unescapeRust(text.slice(reasonAt + 9, Math.min(end, reasonAt + MAX_REASON)));
  let at = text.indexOf("causes: [", end) + 9;
  if (at < 9) return { node: { reason, causes: [] }, end: text.length };
  const causes: ErrorNode[] = [];
  for (let next = readNode(text, at, depth + 1); next !== undefined; next = readNode(text, at, depth + 1)) {
    causes.push(next.node);
    at = next.end;
    if (text.startsWith(", ", at)) at += 2;
  }
  return { node: { reason, causes }, end: at + "] }".length };
}

const NAMED: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "0": "\0" };

/** The text that Rust's `{:?}` wrote as a string literal. */
export function unescapeRust(text: string): string {
  return text.replace(/\\(?:u\{([0-9a-fA-F]{1,6})\}|(.))/gs, (_, code: string | undefined, one: string) => {
    if (code === undefined) return NAMED[one] ?? one;
    const point = Number.parseInt(code, 16);
    return point <= 0x10ffff ? String.fromCodePoint(point) : "\ufffd";
  });
}
