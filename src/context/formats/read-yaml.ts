import { type Json, parseJson } from "../../base/json.ts";
import { MAX_BLOCK_DEPTH } from "./write-yaml.ts";

/** Deeper JSON is not stored by this package (`toJson` stops at 200), and reading it could exhaust the stack. */
const MAX_JSON_DEPTH = 1000;

/** Only thrown inside this file. */
class NotYaml extends Error {}

/**
 * Reads what `writeYaml` and `writeYamlString` write; `undefined` for any other text. Not a reader for YAML in general.
 * It may accept a few spellings that the writer does not use: compare with the writer's output where that matters.
 */
export function readYaml(text: string): { readonly value: Json } | undefined {
  const reader: Reader = { lines: text.split("\n"), at: 0, depth: 0 };
  try {
    const value = readValue(reader, 0, 0);
    return reader.at === reader.lines.length ? { value } : undefined;
  } catch (error) {
    if (error instanceof NotYaml) return undefined;
    throw error;
  }
}

interface Reader {
  readonly lines: readonly string[];
  at: number;
  depth: number;
}

/** Reads the value that starts at `column` of the current line and leaves `at` on the first line after it. */
function readValue(reader: Reader, column: number, indent: number): Json {
  const rest = lineAt(reader).slice(column);
  const isList = rest.startsWith("- ");
  if (!isList && keyOf(rest) === undefined) return readScalar(reader, rest, indent);
  if (reader.depth > MAX_BLOCK_DEPTH) throw new NotYaml();
  reader.depth += 1;
  const value = isList ? readList(reader, column) : readObject(reader, column);
  reader.depth -= 1;
  return value;
}

function readList(reader: Reader, column: number): Json {
  const items: Json[] = [];
  let first = true;
  while (first || (hasIndent(reader, column) && lineAt(reader).startsWith("- ", column))) {
    first = false;
    items.push(readValue(reader, column + 2, column));
  }
  return items;
}

function readObject(reader: Reader, column: number): Json {
  const entries: Record<string, Json> = {};
  let first = true;
  while (first || hasIndent(reader, column)) {
    first = false;
    const key = keyOf(lineAt(reader).slice(column));
    if (key === undefined || Object.hasOwn(entries, key.name)) throw new NotYaml();
    if (key.explicit) {
      reader.at += 1;
      if (!hasIndent(reader, column)) throw new NotYaml();
    }
    const after = column + (key.explicit ? 0 : key.length);
    // An own key called `__proto__` must stay data.
    Object.defineProperty(entries, key.name, {
      value: readAfterKey(reader, after, column),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return entries;
}

function readAfterKey(reader: Reader, after: number, column: number): Json {
  const rest = lineAt(reader).slice(after);
  if (rest.startsWith(": ")) return readScalar(reader, rest.slice(2), column);
  if (rest !== ":") throw new NotYaml();
  reader.at += 1;
  if (!hasIndent(reader, column + 2)) throw new NotYaml();
  return readValue(reader, column + 2, column + 2);
}

interface Key {
  readonly name: string;
  /** Characters of the line up to the colon. */
  readonly length: number;
  readonly explicit: boolean;
}

const PLAIN_KEY = /^([A-Za-z_][A-Za-z0-9_-]{0,99})(?=:(?: |$))/;
const QUOTED_KEY = /^("(?:[^"\\]|\\.)*")(?=:(?: |$))/;
const EXPLICIT_KEY = /^\? ("(?:[^"\\]|\\.)*")$/;

function keyOf(rest: string): Key | undefined {
  const plain = PLAIN_KEY.exec(rest)?.[1];
  if (plain !== undefined) return { name: plain, length: plain.length, explicit: false };
  const quoted = rest.startsWith('"') ? QUOTED_KEY.exec(rest)?.[1] : undefined;
  if (quoted !== undefined) return { name: readString(quoted), length: quoted.length, explicit: false };
  const explicit = rest.startsWith("? ") ? EXPLICIT_KEY.exec(rest)?.[1] : undefined;
  return explicit === undefined ? undefined : { name: readString(explicit), length: 0, explicit: true };
}

function readScalar(reader: Reader, rest: string, indent: number): Json {
  reader.at += 1;
  if (rest === "|" || rest === "|-") return readLiteral(reader, indent + 2) + (rest === "|" ? "\n" : "");
  if (rest.startsWith("'")) return readSingleQuoted(rest);
  if (/^["[{]/.test(rest)) return readJson(rest);
  if (/^(?:null|true|false|-?\d+(?:\.\d+)?(?:e[+-]\d+)?)$/.test(rest)) return readJson(rest);
  if (rest === "") throw new NotYaml();
  return rest;
}

function readSingleQuoted(text: string): string {
  const content = text.slice(1, -1);
  if (text.length < 2 || !text.endsWith("'") || content.replaceAll("''", "").includes("'"))
    throw new NotYaml();
  return content.replaceAll("''", "'");
}

function readLiteral(reader: Reader, column: number): string {
  const lines: string[] = [];
  while (reader.at < reader.lines.length && (lineAt(reader) === "" || hasIndent(reader, column))) {
    lines.push(lineAt(reader).slice(column));
    reader.at += 1;
  }
  return lines.join("\n");
}

function readJson(text: string): Json {
  if (jsonDepth(text) > MAX_JSON_DEPTH) throw new NotYaml();
  try {
    return parseJson(text);
  } catch {
    throw new NotYaml();
  }
}

function jsonDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[{]|[\]}]/g)) {
    if (token === "[" || token === "{") depth += 1;
    else if (token === "]" || token === "}") depth -= 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

function readString(text: string): string {
  const value = readJson(text);
  if (typeof value !== "string") throw new NotYaml();
  return value;
}

function lineAt(reader: Reader): string {
  const line = reader.lines[reader.at];
  if (line === undefined) throw new NotYaml();
  return line;
}

function hasIndent(reader: Reader, column: number): boolean {
  const line = reader.lines[reader.at];
  return line !== undefined && line.length > column && line.startsWith(" ".repeat(column));
}
