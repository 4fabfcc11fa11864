import type { Aliases } from "../baml/source.ts";
import { isFields, isList } from "./compare.ts";
import { isJsonText } from "./mismatch.ts";

/** A field that holds JSON text. */
interface EncodedTwice {
  readonly path: readonly string[];
  /** Its type is neither an object nor a list. */
  readonly single: boolean;
}

/**
 * The field that holds an object or list as JSON text although its type is not text: the parser may have
 * taken it apart, wrapped it in a list, or dropped it. `undefined` if there is no such field.
 */
export function findEncodedTwice(
  read: unknown,
  parsed: unknown,
  aliases: Aliases,
  path: readonly string[] = [],
): EncodedTwice | undefined {
  if (typeof read === "string")
    return parsed !== read && isJsonText(read)
      ? { path, single: !isList(parsed) && !isFields(parsed) }
      : undefined;
  if (isList(read)) {
    const items = isList(parsed) ? parsed : [parsed];
    return first(
      read.map(
        (item, index) => () => findEncodedTwice(item, items[index], aliases, [...path, String(index)]),
      ),
    );
  }
  if (!isFields(read) || !isFields(parsed)) return undefined;
  return first(
    Object.entries(read).map(([key, value]) => () => {
      const names = [key, ...(aliases.fields.get(key) ?? [])];
      const name = names.find((one) => Object.hasOwn(parsed, one));
      return name === undefined ? undefined : findEncodedTwice(value, parsed[name], aliases, [...path, key]);
    }),
  );
}

function first<T>(tries: readonly (() => T | undefined)[]): T | undefined {
  for (const attempt of tries) {
    const found = attempt();
    if (found !== undefined) return found;
  }
  return undefined;
}
