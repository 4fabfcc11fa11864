import { jsonrepair } from "jsonrepair";
import { isJsonArray, isJsonObject, type Json } from "../../base/json.ts";
import type { Block } from "./blocks.ts";

/**
 * The events of a thread that is written as JSON: objects with a `type` and `data`, or with the tag as their only key;
 * in a list, or one after another. `rest` is the text outside of them. Tolerates trailing commas.
 */
export function readJsonEvents(text: string): { blocks: Block[]; rest: string } {
  const blocks: Block[] = [];
  const rest: string[] = [];
  let position = 0;
  while (position < text.length) {
    const start = /^[ \t]*[[{]/m.exec(text.slice(position));
    const from = start === null ? text.length : position + start.index;
    rest.push(text.slice(position, from));
    position = endOfValue(text, from);
    const value = text.slice(from, position);
    const events = eventsIn(value);
    if (events === undefined) rest.push(value);
    else blocks.push(...events);
  }
  return { blocks, rest: rest.join("") };
}

/** Where the list or object that begins here ends; the end of the text if it is never closed. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  for (const match of text.slice(start).matchAll(/"(?:[^"\\\n]|\\.)*"|[[\]{}]/g)) {
    if (match[0] === "[" || match[0] === "{") depth += 1;
    if (match[0] === "]" || match[0] === "}") depth -= 1;
    if (depth === 0 && !match[0].startsWith('"')) return start + match.index + match[0].length;
  }
  return text.length;
}

/** `undefined` if the text is anything but events. */
function eventsIn(text: string): Block[] | undefined {
  // BAML's schemas have no quotes around their keys.
  const value = /^[[{\s]*"/.test(text) ? parse(text) : undefined;
  const items = value === undefined ? [] : isJsonArray(value) ? value : [value];
  const blocks = items.map(readEvent);
  const good = blocks.filter((block) => block !== undefined);
  return good.length > 0 && good.length === blocks.length ? good : undefined;
}

function readEvent(event: Json): Block | undefined {
  if (!isJsonObject(event)) return undefined;
  const [only, ...more] = Object.entries(event);
  const { type, data } = event;
  if (typeof type === "string" && data !== undefined) return blockOf(type, data);
  return only === undefined || more.length > 0 ? undefined : blockOf(...only);
}

function blockOf(tag: string, value: Json): Block {
  return { tag, value, text: typeof value === "string" ? value : JSON.stringify(value) };
}

function parse(text: string): Json | undefined {
  try {
    const value: Json = JSON.parse(jsonrepair(text));
    return value;
  } catch {
    return undefined;
  }
}
