import { UsageError } from "./errors.ts";
import { isJsonArray, isJsonObject, type Json, parseJson } from "./json.ts";

/*
 * JSON.parse changes numbers silently that a double cannot hold: 9007199254740993 becomes …992. These read JSON from
 * outside without that. A number is held when it is written again as the number that it was. Programs that print doubles
 * with 17 digits (0.10000000000000001) mean the double.
 */

const TOKEN = /"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*/g;

// A number of up to 15 digits survives, unless its exponent is out of range.
const SUSPECT = /[0-9.]{16}|[0-9][eE][+-]?[0-9]{2}/;

/** `parseJson`; a number that a double cannot hold comes as the text of its digits. Throws `SyntaxError`. */
export function parseJsonKeepingDigits(text: string): Json {
  const value = parseJson(text);
  return SUSPECT.test(text) ? parseJson(withDigitsAsText(text)) : value;
}

/** `parseJson` for what is acted on. Throws `UsageError` naming the first number that a double cannot hold. */
export function parseExactJson(text: string): Json {
  const value = parseJson(text);
  if (!SUSPECT.test(text)) return value;
  const changed = firstChange(value, parseJson(withDigitsAsText(text)), []);
  if (changed === undefined) return value;
  const { path, digits } = changed;
  const name = path.length === 0 ? "the value" : path.join(".");
  const shown = digits.length > 60 ? `${digits.slice(0, 60)}…` : digits;
  const message = `${name}: ${shown} is a number that would be changed by rounding; send it as text`;
  throw new UsageError("invalid_argument", message, { details: { field: path.join(".") } });
}

function withDigitsAsText(text: string): string {
  return text.replace(TOKEN, (token) => (token.startsWith('"') || holdsNumber(token) ? token : `"${token}"`));
}

/** True if a double holds the number that a text writes in JSON's way. */
export function holdsNumber(text: string): boolean {
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

function firstChange(
  value: Json,
  kept: Json,
  path: readonly string[],
): { readonly path: readonly string[]; readonly digits: string } | undefined {
  if (typeof value === "number") return typeof kept === "string" ? { path, digits: kept } : undefined;
  if (isJsonArray(value) && isJsonArray(kept)) {
    return firstOf(
      value.map((item, index) => [String(index), item, kept[index] ?? null]),
      path,
    );
  }
  if (isJsonObject(value) && isJsonObject(kept)) {
    return firstOf(
      Object.entries(value).map(([name, item]) => [name, item, kept[name] ?? null]),
      path,
    );
  }
  return undefined;
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
