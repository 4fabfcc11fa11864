import { isFields, isList } from "./compare.ts";

// Objects with more keys than this are taken for maps, whose keys say nothing about their type.
const MAX_KEYS = 24;
const MAX_SAMPLED_TEXT = 500;

/**
 * A smaller value that fits the type exactly if the whole value does. Of each list, and of each object with very many
 * keys, it keeps only the items of a kind not seen before; of each text, the beginning. With `keepKeys`, objects keep
 * all of their keys. Linear in the size of the value.
 */
export function sampleOf(value: unknown, keepKeys: boolean): unknown {
  if (isList(value)) {
    const seen = new Set<string>();
    return value.filter((item) => addsKinds(item, "", seen)).map((item) => sampleOf(item, keepKeys));
  }
  if (typeof value === "string") return value.slice(0, MAX_SAMPLED_TEXT);
  if (!isFields(value)) return value;
  const entries = Object.entries(value);
  const seen = new Set<string>();
  const kept =
    keepKeys || entries.length <= MAX_KEYS
      ? entries
      : entries.filter(([, item]) => addsKinds(item, "", seen));
  return Object.fromEntries(kept.map(([key, item]) => [key, sampleOf(item, keepKeys)]));
}

/** True if the value has something of a kind not seen before at its place. Notes all kinds. */
function addsKinds(value: unknown, place: string, seen: Set<string>): boolean {
  const kind = `${place} ${kindOf(value)}`;
  let adds = !seen.has(kind);
  seen.add(kind);
  if (isList(value)) for (const item of value) adds = addsKinds(item, `${place}[]`, seen) || adds;
  else if (isFields(value)) {
    const entries = Object.entries(value);
    const isMap = entries.length > MAX_KEYS;
    for (const [key, item] of entries)
      adds = addsKinds(item, `${place}.${isMap ? "*" : key.slice(0, 64)}`, seen) || adds;
  }
  return adds;
}

/** Texts that spell numbers are a kind of their own: they become numbers at once, others only after a long search. */
function kindOf(value: unknown): string {
  if (typeof value === "string") return isNumeric(value) ? "number as text" : "text";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "fraction";
  if (isList(value)) return value.length === 0 ? "empty list" : "list";
  return value === null ? "null" : typeof value;
}

export function isNumeric(text: string): boolean {
  return text.length < 40 && /^-?\d+(?:\.\d+)?$/.test(text);
}

/** What makes a value expensive for the native parser. */
export interface Size {
  /** Values in it: objects, lists, texts, numbers and so on. */
  readonly values: number;
  /**
   * Texts that do not spell numbers: each costs up to a millisecond where the type wants a number. Long ones count
   * more.
   */
  readonly texts: number;
  /**
   * Pairs of items in the same list, since every item is compared with every other. Pairs of objects count four times.
   */
  readonly pairs: number;
}

// This many characters cost about as much as a short text where the type wants neither.
const LONG_TEXT = 8_000;
const LONG_KEY = 1_000;

export function sizeOf(value: unknown): Size {
  let values = 0;
  let texts = 0;
  let pairs = 0;
  const open: unknown[] = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    values += 1;
    if (typeof next === "string" && !isNumeric(next)) texts += 1 + Math.floor(next.length / LONG_TEXT);
    if (typeof next !== "object" || next === null) continue;
    const items: readonly unknown[] = Object.values(next);
    // A key is compared with the names of all fields.
    if (!isList(next)) for (const key of Object.keys(next)) texts += Math.floor(key.length / LONG_KEY);
    if (isList(next)) {
      const containers = items.filter((item) => typeof item === "object").length;
      pairs += (items.length + containers) ** 2;
    }
    for (const item of items) open.push(item);
  }
  return { values, texts, pairs };
}
