import { canonicalJson, toJson } from "../../base/json.ts";
import type { Aliases } from "../baml/source.ts";
import { isFields, isList } from "./compare.ts";
import type { Breached, Parsed } from "./reading.ts";
import { sampleOf } from "./sample.ts";
import { elementsOf, endOfString, strictJson } from "./scan.ts";

/*
 * The native parser compares every item of a list with every other: 335 ms for 1,000 small objects, where 25 times 40 of them
 * take 45 ms.
 */

/** How many items are parsed at once. */
function pieceOf(list: readonly unknown[]): number {
  return list.some((item) => typeof item === "object" && item !== null) ? 40 : 80;
}

/** A piece, with the items of every kind before it, is not split again. */
function isLong(list: readonly unknown[]): boolean {
  return list.length > 2 * pieceOf(list);
}

/** A long list in a text of JSON, below objects alone. */
interface LongList {
  /** The keys of the objects around it. */
  readonly path: readonly string[];
  readonly items: readonly string[];
  /** The text with other items. */
  readonly withItems: (items: string) => string;
}

/**
 * Parses strict JSON with its longest list in pieces, each beside one item of every kind in the list, so that the parser takes
 * the list for the same type each time. `undefined` if there is no such list, or the pieces do not make one value.
 */
export function parseInPieces(
  text: string,
  aliases: () => Aliases,
  parse: (text: string) => Parsed | Breached,
): Parsed | Breached | undefined {
  const list = findLongest(text);
  if (list === undefined) return undefined;
  const sample = sampleOf(strictJson(text), false);
  const kinds = list.path.reduce((value, key) => (isFields(value) ? value[key] : undefined), sample);
  const short = findList(JSON.stringify(sample), list.path);
  if (!isList(kinds) || short === undefined) return undefined;
  const length = pieceOf(kinds);
  if (kinds.length > length) return undefined;
  const shown = kinds.map((kind) => JSON.stringify(kind));
  const whole = parse(list.withItems(shown.join()));
  if (whole.kind !== "parsed") return whole;
  const place = findPlace(whole.value, list.path, aliases());
  if (place === undefined || place.list.length !== kinds.length) return undefined;
  const items: unknown[] = [];
  let around: string | undefined;
  for (let from = 0; from < list.items.length; from += length) {
    const piece = list.items.slice(from, from + length);
    const parsed = parse(short.withItems([...shown, ...piece].join()));
    if (parsed.kind !== "parsed") return parsed;
    const found = findPlace(parsed.value, list.path, aliases());
    if (found?.list.length !== kinds.length + piece.length || found.keys !== place.keys) return undefined;
    items.push(...found.list.splice(0).slice(kinds.length));
    const rest = canonicalJson(toJson(parsed.value));
    around ??= rest;
    if (rest !== around) return undefined;
  }
  place.list.splice(0, place.list.length, ...items);
  return whole;
}

function findLongest(text: string): LongList | undefined {
  const value = strictJson(text);
  const paths = pathsOf(value, []).toSorted((a, b) => b.length - a.length);
  return paths[0] === undefined ? undefined : findList(text, paths[0].path);
}

/** The lists with more items than one piece, below objects alone. */
function pathsOf(value: unknown, path: readonly string[]): { path: readonly string[]; length: number }[] {
  if (isList(value)) return isLong(value) ? [{ path, length: value.length }] : [];
  if (!isFields(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => pathsOf(item, [...path, key]));
}

function findList(
  text: string,
  [key, ...rest]: readonly string[],
  path: readonly string[] = [],
): LongList | undefined {
  const json = text.trim();
  if (key === undefined) {
    return json.startsWith("[")
      ? { path, items: elementsOf(json), withItems: (items) => `[${items}]` }
      : undefined;
  }
  if (!json.startsWith("{")) return undefined;
  const entries = elementsOf(`[${json.slice(1, -1)}]`).map((entry) => {
    const end = endOfString(entry, 0) + 1;
    return { entry, name: strictJson(entry.slice(0, end)), start: entry.indexOf(":", end) + 1 };
  });
  // A key that is written twice: it is not clear which of its values counts.
  const at = entries.findIndex(({ name }) => name === key);
  const found = entries[at];
  if (found === undefined || entries.findLastIndex(({ name }) => name === key) !== at) return undefined;
  const inside = findList(found.entry.slice(found.start), rest, [...path, key]);
  if (inside === undefined) return undefined;
  const before = entries.slice(0, at).map(({ entry }) => `${entry},`);
  const after = entries.slice(at + 1).map(({ entry }) => `,${entry}`);
  const head = `{${before.join("")}${found.entry.slice(0, found.start)}`;
  const tail = `${after.join("")}}`;
  return { ...inside, withItems: (items) => head + inside.withItems(items) + tail };
}

interface Place {
  readonly list: unknown[];
  /** The fields of the object that the list is in. */
  readonly keys: string;
}

function findPlace(parsed: unknown, path: readonly string[], aliases: Aliases): Place | undefined {
  let value = parsed;
  let keys = "";
  for (const key of path) {
    if (!isFields(value)) return undefined;
    const fields = value;
    const name = [key, ...(aliases.fields.get(key) ?? [])].find((one) => Object.hasOwn(fields, one));
    if (name === undefined) return undefined;
    keys = Object.keys(fields).join();
    value = fields[name];
  }
  return Array.isArray(value) ? { list: value, keys } : undefined;
}
