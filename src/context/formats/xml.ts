import { UsageError } from "../../base/errors.ts";
import type { ContextBlock } from "../blocks/block.ts";
import { readBody, writeBody } from "./body-text.ts";
import { escapeAttribute, escapeTag, escapeText, unescapeTag, unescapeText } from "./xml-escape.ts";

/** The separator between two blocks. */
export const BLOCK_SEPARATOR = "\n\n";

/**
 * Blocks as text: `<tag>`, the body (a string as it is, anything else as YAML) and `</tag>`, with an empty line between
 * blocks. Whatever the strings hold, no body can close its block or open another: `parseXml` returns exactly these
 * blocks. The text of the first blocks is a prefix of the text of more blocks.
 */
export function renderXml(blocks: readonly ContextBlock[]): string {
  return blocks.map(renderXmlBlock).join(BLOCK_SEPARATOR);
}

/** One block of `renderXml`. */
export function renderXmlBlock(block: ContextBlock): string {
  const tag = escapeTag(block.tag);
  const label = block.untrusted === undefined ? "" : ` untrusted="${escapeAttribute(block.untrusted)}"`;
  return `<${tag}${label}>\n${escapeText(writeBody(block.body))}\n</${tag}>`;
}

const OPENING = /<([A-Za-z0-9_.:-]+)(?: untrusted="([^"]*)")?>\n/y;

/** The inverse of `renderXml`. Throws `UsageError` (`invalid_argument`) for a text that it cannot have written. */
export function parseXml(text: string): ContextBlock[] {
  const blocks: ContextBlock[] = [];
  let at = 0;
  while (at < text.length || blocks.length > 0) {
    OPENING.lastIndex = at;
    const [opening, tag, label] = OPENING.exec(text) ?? [];
    if (opening === undefined || tag === undefined) throw notXml(text, at, "an opening tag");
    const bodyAt = at + opening.length;
    const closing = `\n</${tag}>`;
    const end = text.indexOf(closing, bodyAt);
    if (end < 0) throw notXml(text, bodyAt, `</${tag}>`);
    const body = readBody(unescapeText(text.slice(bodyAt, end)));
    const name = unescapeTag(tag);
    blocks.push(
      label === undefined ? { tag: name, body } : { tag: name, body, untrusted: unescapeText(label) },
    );
    at = end + closing.length;
    if (at === text.length) return blocks;
    if (!text.startsWith(BLOCK_SEPARATOR, at)) throw notXml(text, at, "an empty line or the end");
    at += BLOCK_SEPARATOR.length;
  }
  return blocks;
}

function notXml(text: string, at: number, wanted: string): UsageError {
  const line = text.slice(0, at).split("\n").length;
  return new UsageError("invalid_argument", `rendered context, line ${line}: expected ${wanted}`);
}
