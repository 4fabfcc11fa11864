import type { FidelityReason } from "../../base/fidelity.ts";
import type { Aliases } from "../baml/source.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * Compares a strict reading of the completion with what BAML made of it, and adds a reason for every difference. Not
 * counted as differences: absent optional fields (`null`), integers and floats of the same value, declared aliases, and
 * `@check` wrappers.
 */
export function compareValues(
  read: unknown,
  parsed: unknown,
  aliases: Aliases,
  reasons: Set<FidelityReason>,
): void {
  if (parsed === null || parsed === undefined) {
    if (read !== null && read !== undefined) reasons.add("lost_value");
    return;
  }
  switch (typeof parsed) {
    case "string":
      compareString(read, parsed, aliases, reasons);
      break;
    case "number":
      compareNumber(read, parsed, reasons);
      break;
    case "boolean":
      if (read === parsed) return;
      reasons.add(
        typeof read === "string" && normalizeName(read) === String(parsed)
          ? "retyped_value"
          : "coerced_value",
      );
      break;
    case "object":
      if (isList(parsed)) compareList(read, parsed, aliases, reasons);
      else if (isFields(parsed)) compareFields(read, parsed, aliases, reasons);
      break;
    default:
      reasons.add("coerced_value");
  }
}

function compareString(read: unknown, parsed: string, aliases: Aliases, reasons: Set<FidelityReason>): void {
  if (read === parsed) return;
  if (typeof read === "string") {
    if (aliases.values.get(read)?.has(parsed) === true) return;
    const alike = normalizeName(read) === normalizeName(parsed) || hasName(aliases.values, read, parsed);
    reasons.add(alike ? "loose_match" : "coerced_value");
    return;
  }
  // Trailing zeros of a fraction may matter in a text: version 1.10 is not version 1.1.
  const whole = typeof read === "boolean" || Number.isSafeInteger(read);
  const lossless = whole && String(read) === parsed;
  reasons.add(lossless ? "retyped_value" : "coerced_value");
}

function compareNumber(read: unknown, parsed: number, reasons: Set<FidelityReason>): void {
  if (read === parsed) return;
  const lossless = typeof read === "string" && read.trim() === String(parsed);
  reasons.add(lossless ? "retyped_value" : "coerced_value");
}

function compareList(
  read: unknown,
  parsed: readonly unknown[],
  aliases: Aliases,
  reasons: Set<FidelityReason>,
): void {
  if (isList(read)) {
    if (read.length !== parsed.length) reasons.add("lost_value");
    else for (const [index, item] of parsed.entries()) compareValues(read[index], item, aliases, reasons);
    return;
  }
  if (read === undefined || read === null) {
    reasons.add(parsed.length === 0 ? "defaulted_list" : "coerced_value");
    return;
  }
  if (parsed.length !== 1) {
    reasons.add("lost_value");
    return;
  }
  reasons.add(typeof read === "string" && isNoSingle(read) ? "coerced_value" : "wrapped_in_list");
  compareValues(read, parsed[0], aliases, reasons);
}

// A text that looks like several values, or like none, was not meant as one value.
function isNoSingle(text: string): boolean {
  // Blanks first: a pattern that may begin and end with any number of them takes the square of their number.
  return NO_SINGLE.test(text) || NOTHING.test(text.trim());
}

const NO_SINGLE = /[,;|\n]|^\s*[[{]/;
const NOTHING = /^(?:none|null|nil|n\/?a|nothing|empty|-*)$/i;

// Fields that a model may add to explain itself and that mean nothing for what is done.
const EXPLANATIONS = new Set([
  "reasoning",
  "thinking",
  "thought",
  "thoughts",
  "explanation",
  "rationale",
  "chain_of_thought",
  "analysis",
]);

function compareFields(read: unknown, parsed: Fields, aliases: Aliases, reasons: Set<FidelityReason>): void {
  if (isChecked(parsed) && !(isFields(read) && Object.hasOwn(read, "checks"))) {
    compareValues(read, parsed["value"], aliases, reasons);
    return;
  }
  if (!isFields(read)) {
    reasons.add("coerced_value");
    return;
  }
  const unused = new Map(Object.entries(read));
  const missing: string[] = [];
  for (const [name, value] of Object.entries(parsed)) {
    const key = keyOf(name, unused, aliases, reasons);
    if (key === undefined) missing.push(name);
    else {
      compareValues(unused.get(key), value, aliases, reasons);
      unused.delete(key);
    }
  }
  // If nothing is left of an object, it was a map, whose entries count.
  if (Object.keys(parsed).length === 0 && unused.size > 0) reasons.add("lost_value");
  for (const name of missing) compareMissing(parsed[name], unused, reasons, aliases);
  for (const [key, value] of unused) {
    if (value === null) reasons.add("extra_field");
    else
      reasons.add(
        EXPLANATIONS.has(normalizeName(key)) && typeof value === "string" ? "extra_field" : "lost_value",
      );
  }
}

/** The key of the completion that a field was read from. */
function keyOf(
  name: string,
  unused: ReadonlyMap<string, unknown>,
  aliases: Aliases,
  reasons: Set<FidelityReason>,
): string | undefined {
  if (unused.has(name)) return name;
  for (const key of unused.keys()) if (aliases.fields.get(key)?.has(name) === true) return key;
  for (const key of unused.keys()) {
    if (normalizeName(key) !== normalizeName(name) && !hasName(aliases.fields, key, name)) continue;
    reasons.add("loose_match");
    return key;
  }
  return undefined;
}

/** A field without a key of its name: it is absent, or was read from a key that is not known to be its alias. */
function compareMissing(
  value: unknown,
  unused: Map<string, unknown>,
  reasons: Set<FidelityReason>,
  aliases: Aliases,
): void {
  if (value === null || value === undefined) return;
  for (const [key, other] of unused) {
    const differences = new Set<FidelityReason>();
    compareValues(other, value, aliases, differences);
    if (differences.size > 0) continue;
    unused.delete(key);
    reasons.add("renamed_field");
    return;
  }
  reasons.add(isList(value) && value.length === 0 ? "defaulted_list" : "coerced_value");
}

/** True if a key matches a name's alias except for case and blanks, as BAML matches them. */
function hasName(aliases: ReadonlyMap<string, ReadonlySet<string>>, key: string, name: string): boolean {
  for (const [alias, names] of aliases)
    if (normalizeName(alias) === normalizeName(key) && names.has(name)) return true;
  return false;
}

/** Names as BAML compares them: without case and surrounding blanks. */
function normalizeName(name: string): string {
  return name.trim().toLowerCase();
}

/** A value with BAML's `@check` results around it. */
function isChecked(value: Fields): boolean {
  return Object.keys(value).length === 2 && Object.hasOwn(value, "value") && Object.hasOwn(value, "checks");
}

export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
