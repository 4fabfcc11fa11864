import { UsageError } from "./errors.ts";
import { isJsonArray, isJsonObject, type Json, parseJson } from "./json.ts";

/*
 * JSON.parse changes numbers silently that a double cannot hold: 9007199254740993 becomes …992. These read JSON from
 * outside without that. A number is held when it is written again as the number that it was. Programs that print doubles
 * with 17 digits (0.10000000000000001) mean the double.
 */

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?[0-9][0-9.eE+-]*/gs;

// A number of up to 15 digits survives, unless its exponent is out of range.
const SUSPECT = /[0-9.]{16}|[0-9][eE][+-]?[0-9]{2}/;

/** `parseJson`; a number that a double cannot hold comes as the text of its digits. Throws `SyntaxError`. */
export function parseJsonKeepingDigits(text: string): Json {
  const value = parseJson(text);
  const parts: string[] = [];
  let from = 0;
  for (const { index, digits } of changedNumbers(text)) {
    parts.push(text.slice(from, index), `"${digits}"`);
    from = index + digits.length;
  }
  return from === 0 ? value : parseJson(parts.join("") + text.slice(from));
}

/** `parseJson` for what is acted on. Throws `UsageError` naming the first number that a double cannot hold. */
export function parseExactJson(text: string): Json {
  const value = parseJson(text);
  const [first] = changedNumbers(text);
  if (first === undefined) return value;
  const { index, digits } = first;
  const kept = parseJson(`${text.slice(0, index)}"${digits}"${text.slice(index + digits.length)}`);
  const path = firstChange(value, kept, []) ?? [];
  const name = path.length === 0 ? "the value" : path.join(".");
  const shown = digits.length > 60 ? `${digits.slice(0, 60)}…` : digits;
  const message = `${name}: ${shown} is a number that would be changed by rounding; send it as text`;
  throw new UsageError("invalid_argument", message, { details: { field: path.join(".") } });
}

/** The numbers of a valid JSON text that a double cannot hold, one after the other. */
function* changedNumbers(text: string): Generator<{ readonly index: number; readonly digits: string }> {
  if (!SUSPECT.test(text)) return;
  for (const { index, 0: token } of text.matchAll(TOKEN)) {
    if (token.startsWith('"') || !SUSPECT.test(token) || holdsNumber(token)) continue;
    yield { index, digits: token };
  }
}

/** True if a double holds the number that a text writes in JSON's way. */
export function holdsNumber(text: string): boolean {
  if (String(Number(text)) === text && text !== "Infinity") return true;
  const wanted = decimal(text);
  const value = Number(text);
  if (wanted.digits === "") return value === 0;
  if (!Number.isFinite(value) || value === 0) return false;
  if (sameDecimal(wanted, decimal(String(value)))) return true;
  const { length } = wanted.digits;
  return !Number.isInteger(value) && length <= 17 && sameDecimal(wanted, decimal(value.toPrecision(length)));
}

/** A decimal number as its significant digits and the power of ten of the first one. */
interface Decimal {
  readonly digits: string;
  readonly exponent: number;
}

function sameDecimal(one: Decimal, other: Decimal): boolean {
  return one.digits === other.digits && one.exponent === other.exponent;
}

function decimal(text: string): Decimal {
  const [mantissa = "", power = "0"] = text.toLowerCase().replace(/^[+-]/, "").split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const all = whole + fraction;
  const leading = all.length - all.replace(/^0+/, "").length;
  const digits = all.slice(leading).replace(/0+$/, "");
  return { digits, exponent: whole.length - leading + Number(power) };
}

/** Where the first of the differences is that text for a number makes. */
function firstChange(value: Json, kept: Json, path: readonly string[]): readonly string[] | undefined {
  if (typeof value === "number") return typeof kept === "string" ? path : undefined;
  if (isJsonArray(value) && isJsonArray(kept)) {
    return firstOf(
      [...value.entries()].map(([index, item]) => [String(index), item, kept[index] ?? null]),
      path,
    );
  }
  if (!isJsonObject(value) || !isJsonObject(kept)) return undefined;
  return firstOf(
    Object.entries(value).map(([name, item]) => [name, item, kept[name] ?? null]),
    path,
  );
}

function firstOf(
  parts: readonly (readonly [name: string, value: Json, kept: Json])[],
  path: readonly string[],
): ReturnType<typeof firstChange> {
  for (const [name, value, kept] of parts) {
    const changed = firstChange(value, kept, [...path, name]);
    if (changed !== undefined) return changed;
  }
  return undefined;
}
