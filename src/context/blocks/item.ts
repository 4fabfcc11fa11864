import { isJsonObject, type Json } from "../../base/json.ts";
import type { ContextBlock } from "./block.ts";

const LABEL = "untrusted";

/**
 * A block as one object: `{ [tag]: body }`, with `untrusted` before it on content from outside. A tag that is itself
 * called `untrusted` gets a `_` behind it there, so that the two cannot be confused.
 */
export function itemOf({ tag, body, untrusted }: ContextBlock): Json {
  if (untrusted === undefined) return { [tag]: body };
  return { [LABEL]: untrusted, [/^untrusted_*$/.test(tag) ? `${tag}_` : tag]: body };
}

/** The inverse of `itemOf`; `undefined` for what it cannot have made. */
export function blockOfItem(item: Json): ContextBlock | undefined {
  if (!isJsonObject(item)) return undefined;
  const entries = Object.entries(item);
  const [first] = entries;
  if (entries.length === 1 && first !== undefined) return { tag: first[0], body: first[1] };
  const content = entries.find(([name]) => name !== LABEL);
  const label = item[LABEL];
  if (entries.length !== 2 || content === undefined || typeof label !== "string") return undefined;
  const [name, body] = content;
  return { tag: /^untrusted_+$/.test(name) ? name.slice(0, -1) : name, body, untrusted: label };
}
