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
  return takeSample(value, keepKeys, 0);
}

// Deeper than this nothing is left out: each level is looked through once more.
const MAX_SAMPLED_DEPTH = 8;

function takeSample(value: unknown, keepKeys: boolean, depth: number): unknown {
  if (typeof value === "string") return value.slice(0, MAX_SAMPLED_TEXT);
  if (depth > MAX_SAMPLED_DEPTH) return value;
  if (isList(value)) {
    const kinds = new Kinds();
    return value.filter((item) => kinds.add(item)).map((item) => takeSample(item, keepKeys, depth + 1));
  }
  if (!isFields(value)) return value;
  const entries = Object.entries(value);
  const kinds = new Kinds();
  const kept =
    keepKeys || entries.length <= MAX_KEYS ? entries : entries.filter(([, item]) => kinds.add(item));
  return Object.fromEntries(kept.map(([key, item]) => [key, takeSample(item, keepKeys, depth + 1)]));
}

/** The kinds of values seen so far, each at its place. */
class Kinds {
  /** Places by the place around them and their name there: numbers, because the names of a path would be long. */
  readonly #places = new Map<string, number>();
  readonly #seen = new Set<string>();

  /** True if the value has something of a kind not seen before at its place. Notes all kinds. */
  add(value: unknown, place = 0): boolean {
    const kind = `${place} ${kindOf(value)}`;
    let adds = !this.#seen.has(kind);
    this.#seen.add(kind);
    if (isList(value)) {
      const inside = this.#placeIn(place, "[]");
      for (const item of value) adds = this.add(item, inside) || adds;
    } else if (isFields(value)) {
      const entries = Object.entries(value);
      const isMap = entries.length > MAX_KEYS;
      for (const [key, item] of entries)
        adds = this.add(item, this.#placeIn(place, isMap ? ".*" : `.${key.slice(0, 64)}`)) || adds;
    }
    return adds;
  }

  #placeIn(place: number, name: string): number {
    const path = `${place}${name}`;
    const known = this.#places.get(path);
    if (known !== undefined) return known;
    this.#places.set(path, this.#places.size + 1);
    return this.#places.size;
  }
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
  /** Lists and objects with nothing in them. */
  readonly empty: number;
}

// This many characters cost about as much as a short text where the type wants neither.
const LONG_TEXT = 8_000;
// A key is compared with the names of all fields: so many of one object, or so many characters of them, cost as much.
const KEYS = 5;
const FEW_KEYS = 40;
const KEY_CHARACTERS = 500;

export function sizeOf(value: unknown): Size {
  let values = 0;
  let texts = 0;
  let pairs = 0;
  let empty = 0;
  const open: unknown[] = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    values += 1;
    if (typeof next === "string" && !isNumeric(next)) texts += 1 + Math.floor(next.length / LONG_TEXT);
    if (typeof next !== "object" || next === null) continue;
    const items: readonly unknown[] = Object.values(next);
    if (items.length === 0) empty += 1;
    if (!isList(next)) {
      const characters = Object.keys(next).reduce((sum, key) => sum + key.length, 0);
      texts +=
        Math.floor(characters / KEY_CHARACTERS) + Math.floor(Math.max(0, items.length - FEW_KEYS) / KEYS);
    }
    if (isList(next)) {
      const containers = items.filter((item) => typeof item === "object").length;
      pairs += (items.length + containers) ** 2;
    }
    for (const item of items) open.push(item);
  }
  return { values, texts, pairs, empty };
}
