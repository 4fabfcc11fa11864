import type { ContextBlock } from "../blocks/block.ts";
import type { TextFormat } from "../formats/formats.ts";
import { writeYaml } from "../formats/write-yaml.ts";
import type { TokenCounter } from "./tokens.ts";

/**
 * Cuts a block's body so that the rendered block has at most `maxTokens`: keeps its beginning and its end, with a note
 * in between of how much is left out and where the whole is. `undefined` if it fits already, or if even the note would
 * be too long.
 */
export function fitBody(
  block: ContextBlock,
  maxTokens: number,
  format: TextFormat,
  { countTokens, whereTheWholeIs }: { readonly countTokens: TokenCounter; readonly whereTheWholeIs: string },
): string | undefined {
  const tokensOf = (body: string) => countTokens(format.renderBlock({ ...block, body }));
  const tokens = countTokens(format.renderBlock(block));
  if (tokens <= maxTokens) return undefined;
  const text = typeof block.body === "string" ? block.body : writeYaml(block.body);
  // The first guess is proportional; trial and error finds what escaping and the note add.
  let room = Math.floor((text.length * maxTokens) / tokens);
  while (room > 0) {
    const cut = headAndTail(text, room, whereTheWholeIs);
    if (tokensOf(cut) <= maxTokens) return cut;
    room = Math.floor(room * 0.8) - 1;
  }
  const note = headAndTail(text, 0, whereTheWholeIs);
  return tokensOf(note) <= maxTokens ? note : undefined;
}

function headAndTail(text: string, room: number, whereTheWholeIs: string): string {
  const head = Math.ceil(room * 0.7);
  const tail = room - head;
  const note = `[… ${text.length - room} characters left out; ${whereTheWholeIs} …]`;
  const parts = [text.slice(0, head).trimEnd(), note, tail === 0 ? "" : text.slice(-tail).trimStart()];
  return parts
    .filter((part) => part !== "")
    .join("\n")
    .toWellFormed();
}
