import { isJsonArray, type Json, type JsonObject } from "../../base/json.ts";
import { ROLE_MARKER } from "../blocks/role-markers.ts";

/** Deeper values are written on one line as JSON, which is valid YAML too: indentation would outgrow the content. */
export const MAX_BLOCK_DEPTH = 16;

/**
 * A value as YAML 1.2 in block style, in the only spelling that `readYaml` accepts. Short safe strings are plain,
 * longer texts are literal blocks (`|`), and everything else is double-quoted. Lines are never folded.
 */
export function writeYaml(value: Json): string {
  return typeof value === "object" && value !== null ? writeBlock(value, "", 0) : writeScalar(value, "");
}

function writeBlock(value: readonly Json[] | JsonObject, indent: string, depth: number): string {
  return isJsonArray(value) ? writeList(value, indent, depth) : writeObject(value, indent, depth);
}

function writeList(items: readonly Json[], indent: string, depth: number): string {
  if (items.length === 0) return "[]";
  return items.map((item) => `- ${writeNested(item, indent, depth, "inline")}`).join(`\n${indent}`);
}

function writeObject(value: JsonObject, indent: string, depth: number): string {
  const entries = Object.entries(value);
  if (entries.length === 0) return "{}";
  return entries
    .map(([key, item]) => `${writeKey(key, indent)}${writeNested(item, indent, depth, "below")}`)
    .join(`\n${indent}`);
}

/** The value after `- ` (a nested block starts on the same line) or `key:` (it starts on the next line). */
function writeNested(value: Json, indent: string, depth: number, place: "inline" | "below"): string {
  const gap = place === "inline" ? "" : " ";
  if (typeof value !== "object" || value === null) return gap + writeScalar(value, indent);
  if (isEmpty(value) || depth >= MAX_BLOCK_DEPTH) return gap + escapeHarmful(JSON.stringify(value));
  const inner = `${indent}  `;
  const block = writeBlock(value, inner, depth + 1);
  return place === "inline" ? block : `\n${inner}${block}`;
}

function isEmpty(value: readonly Json[] | JsonObject): boolean {
  return isJsonArray(value) ? value.length === 0 : Object.keys(value).length === 0;
}

const PLAIN_KEY = /^[A-Za-z_][A-Za-z0-9_-]*$/;
/** YAML reads a key of up to 1024 characters before its colon; a longer one needs the `? key` form. */
const MAX_IMPLICIT_KEY = 1000;

function writeKey(key: string, indent: string): string {
  if (key.length <= 100 && PLAIN_KEY.test(key) && !isWord(key) && isHarmless(key)) return `${key}:`;
  const quoted = quote(key);
  return quoted.length <= MAX_IMPLICIT_KEY ? `${quoted}:` : `? ${quoted}\n${indent}:`;
}

function writeScalar(value: string | number | boolean | null, indent: string): string {
  if (typeof value !== "string") return JSON.stringify(value);
  if (isPlain(value)) return value;
  return isLiteral(value) ? writeLiteral(value, indent) : quoteBest(value);
}

// Single quotes if double ones would need escapes: easier to read, with fewer tokens.
function quoteBest(text: string): string {
  return /["\\]/.test(text) && !/[\n\t]|\p{Cf}/u.test(text) && isHarmless(text)
    ? `'${text.replaceAll("'", "''")}'`
    : quote(text);
}

// `: `, ` #` and a final colon end a plain scalar.
const NOT_PLAIN = /: | #|[: ]$|[\n\t]|\p{Cf}/u;
const PLAIN_START = /^[\p{L}\p{N}$(/_]/u;
const NUMBER_LIKE = /^[+-]?[\d.][\d.eE+:_xobXOB/a-fA-F-]*$|^[+-]?\.?(?:inf|nan)$/i;

function isPlain(text: string): boolean {
  return (
    PLAIN_START.test(text) &&
    !NOT_PLAIN.test(text) &&
    !NUMBER_LIKE.test(text) &&
    !isWord(text) &&
    isHarmless(text)
  );
}

const CONTROL =
  "[[\\p{Cc}\\p{Cs}\\uFEFF\\u2028\\u2029\\u202A-\\u202E\\u2066-\\u2069\\u{E0000}-\\u{E007F}]--[\\n\\t]]";
const HARMFUL = new RegExp(`${CONTROL}|${ROLE_MARKER}`, "v");

/**
 * True unless the text has characters that models see and people do not, line breaks other than `\n`, or the markers
 * that could tell BAML or a chat template that a new role begins. A harmful text is shown in quotes, with escapes.
 */
export function isHarmless(text: string): boolean {
  return !HARMFUL.test(text);
}

// Every word that any version of YAML reads as something other than text.
function isWord(text: string): boolean {
  return /^(?:null|true|false|yes|no|on|off|y|n)$/i.test(text);
}

function isLiteral(text: string): boolean {
  return text.includes("\n") && !/^[\s]|^$|[^\S\n]$|\n\n$|\n[^\S\n]+(?=\n)/.test(text) && isHarmless(text);
}

function writeLiteral(text: string, indent: string): string {
  const endsWithBreak = text.endsWith("\n");
  const lines = (endsWithBreak ? text.slice(0, -1) : text).split("\n");
  const body = lines.map((line) => (line === "" ? "" : `${indent}  ${line}`)).join("\n");
  return `${endsWithBreak ? "|" : "|-"}\n${body}`;
}

/** A string in double quotes that JSON and YAML read alike. Always on one line, and harmless. */
export function quote(text: string): string {
  return escapeHarmful(JSON.stringify(text));
}

const TO_ESCAPE = new RegExp(
  [
    "[\\u007f-\\u009f\\u200b-\\u200f\\u2028-\\u202f\\u2060-\\u206f\\ufeff\\ufff0-\\uffff\\u{E0000}-\\u{E007F}]",
    ROLE_MARKER,
  ].join("|"),
  "gu",
);

/** Equivalent JSON text with escapes for everything harmful: see `isHarmless`. */
export function escapeHarmful(json: string): string {
  return json.replace(TO_ESCAPE, (found) =>
    found
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

/** A string that cannot be mistaken for another value: in quotes, or as a literal block if it has several lines. */
export function writeYamlString(text: string): string {
  return isLiteral(text) ? writeLiteral(text, "") : quoteBest(text);
}
