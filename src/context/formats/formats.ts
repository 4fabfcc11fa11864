import { UsageError } from "../../base/errors.ts";
import { isJsonArray, type Json, parseJson } from "../../base/json.ts";
import type { ContextBlock } from "../blocks/block.ts";
import { blockOfItem, itemOf } from "../blocks/item.ts";
import { parseMarkdown, renderMarkdownBlock } from "./markdown.ts";
import { readYaml } from "./read-yaml.ts";
import { escapeHarmful, writeYaml } from "./write-yaml.ts";
import { BLOCK_SEPARATOR, parseXml, renderXmlBlock } from "./xml.ts";

/**
 * A text format: one text per block, joined by a separator. Appending to a thread appends to its text, so the text of a
 * thread is a prefix of the text of any longer version.
 */
export interface TextFormat {
  readonly renderBlock: (block: ContextBlock) => string;
  readonly separator: string;
  /**
   * Reads a rendering back into exactly the blocks it came from. Throws `UsageError` (`invalid_argument`) for any other
   * text.
   */
  readonly parse: (text: string) => ContextBlock[];
}

export type TextFormatName = "xml" | "yaml" | "json" | "markdown";

/** The built-in text formats. In none of them can a text pretend to be another block, as `parse` proves. */
export const TEXT_FORMATS: { readonly [Name in TextFormatName]: TextFormat } = {
  /** One XML-like element per block: texts as they are, other values as YAML. The default. */
  xml: { renderBlock: renderXmlBlock, separator: BLOCK_SEPARATOR, parse: parseXml },
  /** One YAML list with an item per block. */
  yaml: { renderBlock: (block) => writeYaml([itemOf(block)]), separator: "\n", parse: parseYaml },
  /** JSON Lines: each block is an object on a line of its own. */
  json: {
    renderBlock: (block) => escapeHarmful(JSON.stringify(itemOf(block))),
    separator: "\n",
    parse: parseJsonLines,
  },
  /** A heading per block, texts as quotations, other values as fenced YAML. */
  markdown: { renderBlock: renderMarkdownBlock, separator: "\n\n", parse: parseMarkdown },
};

/** Renders blocks in a format. */
export function renderBlocks(blocks: readonly ContextBlock[], format: TextFormat = TEXT_FORMATS.xml): string {
  return blocks.map(format.renderBlock).join(format.separator);
}

function parseYaml(text: string): ContextBlock[] {
  if (text === "") return [];
  const value = readYaml(text)?.value ?? null;
  if (!isJsonArray(value))
    throw new UsageError("invalid_argument", "rendered context: not a YAML list of blocks");
  return value.map(blockOf);
}

function parseJsonLines(text: string): ContextBlock[] {
  return text === "" ? [] : text.split("\n").map((line, index) => blockOf(parseLine(line), index));
}

function parseLine(line: string): Json {
  try {
    return parseJson(line);
  } catch (cause) {
    throw new UsageError("invalid_argument", "rendered context: a line is not JSON", { cause });
  }
}

function blockOf(item: Json, index: number): ContextBlock {
  const block = blockOfItem(item);
  if (block !== undefined) return block;
  throw new UsageError("invalid_argument", `rendered context: item ${index + 1} is not a block`);
}
