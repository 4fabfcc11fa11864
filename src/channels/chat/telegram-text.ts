import { partLine } from "../part-line.ts";
import type { ChatMessage } from "./platform.ts";

/* Text without `parse_mode`: nothing in it is markup. What Telegram would make a link of by itself is marked as code. */

/** Telegram takes 4,096 characters. */
export const MAX_TEXT = 4_000;
/** Telegram reads a hundred of them. */
const MAX_ENTITIES = 90;

interface Entity {
  readonly type: "code" | "pre" | "bold";
  readonly offset: number;
  readonly length: number;
}

/** A name, a command, an address, a number that could be called: by any character that makes one. */
const COULD_BE_LINK = /[@#$/\\:]|[^\s.]\.[^\s.]|\d{5}/;

export function textOf({ title, parts }: Pick<ChatMessage, "title" | "parts">): {
  readonly text: string;
  readonly entities: readonly Entity[];
} {
  const lines = parts.map(partLine);
  const text = [...(title === "" ? [] : [title]), ...lines].join("\n").slice(0, MAX_TEXT + 1);
  const words = [...text.matchAll(/\S+/g)].filter(([word]) => COULD_BE_LINK.test(word));
  if (words.length > MAX_ENTITIES)
    return { text, entities: [{ type: "pre", offset: 0, length: text.length }] };
  const codes = words.map(
    ({ 0: word, index }): Entity => ({ type: "code", offset: index, length: word.length }),
  );
  const isPlain = title !== "" && !codes.some(({ offset }) => offset < title.length);
  return {
    text,
    entities: [...(isPlain ? [{ type: "bold", offset: 0, length: title.length } as const] : []), ...codes],
  };
}
