import type { ThreadEvent } from "../../thread/events.ts";
import { eventBlocks } from "../blocks/context-blocks.ts";
import type { ContextView } from "../blocks/view.ts";
import { type TokenCounter, tokenCeiling } from "../budget/tokens.ts";
import { renderBlocks, TEXT_FORMATS, type TextFormatName } from "./formats.ts";
import { renderMessages } from "./messages.ts";

export interface FormatCost {
  readonly format: TextFormatName | "messages";
  readonly characters: number;
  readonly bytes: number;
  readonly tokens: number;
  /** Tokens relative to the cheapest format, which has 1. */
  readonly ratio: number;
}

const NAMES: readonly TextFormatName[] = ["xml", "yaml", "json", "markdown"];

/**
 * Compares what a thread costs in each format, the cheapest first. Pure. The count for `messages` leaves out the tokens
 * that mark roles.
 */
export function compareFormats(
  events: readonly ThreadEvent[],
  countTokens: TokenCounter,
  view: ContextView = {},
): FormatCost[] {
  const shown = eventBlocks(events, view);
  const blocks = shown.flatMap((entry) => entry.blocks);
  const texts: { format: FormatCost["format"]; text: string }[] = [
    ...NAMES.map((format) => ({ format, text: renderBlocks(blocks, TEXT_FORMATS[format]) })),
    {
      format: "messages",
      text: renderMessages(shown)
        .map(({ content }) => content)
        .join("\n"),
    },
  ];
  const costs = texts.map(({ format, text }) => ({
    format,
    characters: text.length,
    bytes: tokenCeiling(text),
    tokens: countTokens(text),
  }));
  const cheapest = Math.max(1, Math.min(...costs.map(({ tokens }) => tokens)));
  return costs
    .map((cost) => ({ ...cost, ratio: cost.tokens / cheapest }))
    .sort((one, other) => one.tokens - other.tokens);
}
