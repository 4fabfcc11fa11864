import { UsageError } from "../../base/errors.ts";
import { isJsonArray, isJsonObject, type Json } from "../../base/json.ts";

/**
 * Values as BAML reads them in the `args` of a test. What BAML cannot be told exactly is refused: images, numbers that
 * are none, `null` in a list, and names of map entries that it has no quotes for.
 */
export function bamlLiteral(value: unknown, indent: string): string {
  if (typeof value === "string") return bamlText(value, indent);
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number") return numberLiteral(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    // BAML would read the word.
    if (value.includes(null) || value.includes(undefined)) throw cannot("null in a list");
    const items = value.map((item) => `${inner}${bamlLiteral(item, inner)},\n`);
    return items.length === 0 ? "[]" : `[\n${items.join("")}${indent}]`;
  }
  if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) !== null) {
    return `{\n${bamlEntries(Object.entries(value), inner)}${indent}}`;
  }
  throw cannot("an image or other media");
}

/** Names and values, one after another; what is absent has no entry. */
export function bamlEntries(entries: readonly (readonly [string, unknown])[], indent: string): string {
  return entries
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => `${indent}${entryName(name)} ${bamlLiteral(value, indent)}\n`)
    .join("");
}

function numberLiteral(value: number): string {
  if (!Number.isFinite(value)) throw cannot(`the number ${value}`);
  // A whole number that is too large for BAML would become another one.
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return `${BigInt(value)}.0`;
  const [, sign = "", first = "", rest = "", exponent] =
    /^(-?)(\d)\.?(\d*)e-(\d+)$/.exec(String(value)) ?? [];
  // BAML has no exponents.
  return exponent === undefined
    ? String(value)
    : `${sign}0.${"0".repeat(Number(exponent) - 1)}${first}${rest}`;
}

function entryName(name: string): string {
  if (/^[A-Za-z_]\w*$/.test(name)) return name;
  if (name === "" || /["\\\p{Cc}\u2028\u2029]/u.test(name)) throw cannot(`the name ${JSON.stringify(name)}`);
  return `"${name.toWellFormed()}"`;
}

function cannot(what: string): UsageError {
  return new UsageError("invalid_argument", `a BAML test cannot hold ${what}`);
}

/**
 * A text, exactly: in `#"…"#`, whose lines people can read, where BAML reads the same from it, and else on one line in quotes.
 * BAML trims what stands in `#"…"#`, and takes away what all lines are indented by.
 */
export function bamlText(text: string, indent: string): string {
  // BAML reads UTF-8, which has no lone surrogates; a request has none either.
  const whole = text.toWellFormed();
  const hashes = "#".repeat(hashesFor(whole));
  if (!keepsInHashes(whole) || hashes.length > MOST_HASHES) return quoteText(whole);
  if (!whole.includes("\n") && !whole.endsWith('"')) return `${hashes}"${whole}"${hashes}`;
  const inner = `${indent}  `;
  const lines = whole.split("\n").map((line) => (line === "" ? "" : inner + line));
  return `${hashes}"\n${lines.join("\n")}\n${indent}"${hashes}`;
}

const MOST_HASHES = 5;

function hashesFor(text: string): number {
  const runs = [...text.matchAll(/"(#*)/g)].map(([, run = ""]) => run.length);
  return Math.max(0, ...runs) + 1;
}

const SPACE = /[\s\u0085]/;

function keepsInHashes(text: string): boolean {
  if (text === "" || SPACE.test(text.slice(0, 1)) || SPACE.test(text.slice(-1))) return false;
  return !/[^\P{Cc}\n\t]/u.test(text) && !/^[\s\u0085]+$/m.test(text);
}

/** `\\` before the closing quote and `\"` are misread in places, so that both are written as numbers. */
function quoteText(text: string): string {
  const inside = text.replace(/["\\\p{Cc}]/gu, (character) =>
    character === "\n" ? "\\n" : `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return `"${inside}"`;
}

/**
 * A value in the expression of an assertion: text, number, true or false, nothing, or a list of those. There BAML knows no
 * escapes: a text with quotes, braces, backslashes or new lines is joined from parts. Throws `UsageError` for a text with another
 * control character, and for an object.
 */
export function jinjaLiteral(value: Json): string {
  if (value === null) return "none";
  if (isJsonArray(value)) return `[${value.map(jinjaLiteral).join(", ")}]`;
  if (isJsonObject(value)) throw cannot("an object in an assertion");
  if (typeof value === "number") return numberLiteral(value);
  if (typeof value !== "string") return String(value);
  const text = value.toWellFormed();
  if (/[^\P{Cc}\n\t]/u.test(text)) throw cannot(`the text ${JSON.stringify(text)} in an assertion`);
  const parts = (text.match(/"+|[{}\\\n]|[^"{}\\\n]+/g) ?? [""]).map(
    (part) => SPECIAL[part] ?? (part.startsWith('"') ? `'${part}'` : `"${part}"`),
  );
  const [first = ""] = parts;
  return parts.length === 1 ? first : `(${parts.join(" ~ ")})`;
}

/** Characters that BAML has no words for, cut out of what its filters write. */
const SPECIAL: Readonly<Record<string, string>> = {
  "\\": `('"'|tojson)[1:2]`,
  "\n": "([1]|pprint)[1:2]",
};
