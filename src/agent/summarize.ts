import type { CompletionRecord } from "../base/completion.ts";
import type { ContextBlock } from "../context/blocks/block.ts";
import { forgottenNote } from "../context/budget/compaction.ts";
import type { SummaryPlan } from "../context/budget/token-budget.ts";
import { renderBlocks } from "../context/formats/formats.ts";
import type { Answer } from "../prompts/types.ts";
import type { NewEvent } from "../thread/events.ts";
import type { Agent, NextStepOptions } from "./agent.ts";

/**
 * Summarises part of a thread. Called each time the token budget needs a summary. If it throws, a person is asked whether
 * to try again; `undefined` or an empty summary leaves a note instead.
 */
export type Summarizer = (
  part: { readonly text: string; readonly blocks: readonly ContextBlock[]; readonly maxTokens: number },
  options: NextStepOptions,
) => Promise<{ readonly summary: string; readonly completion?: CompletionRecord } | undefined>;

/** Makes a summarizer from a BAML function: `summarizeWith(promptFunction(b, "SummarizeThread", { bamlFiles: getBamlFiles }))`. */
export function summarizeWith(summarize: {
  call(
    args: [thread: string, maxWords: number],
    options?: NextStepOptions,
  ): Promise<Answer<string | { readonly summary: string }>>;
}): Summarizer {
  return async ({ text, maxTokens }, options) => {
    // A word of English is about one and a third tokens.
    const answer = await summarize.call([text, Math.floor(maxTokens * 0.6)], options);
    const { completion } = answer;
    // There is no summary, but the call was paid for.
    if (!answer.ok) return { summary: "", completion };
    const { value } = answer;
    return { summary: typeof value === "string" ? value : value.summary, completion };
  };
}

/** The event that replaces a range with a summary, or with a note if there is none. */
export async function summaryOf(
  plan: SummaryPlan,
  agent: Pick<Agent, "summarize">,
  options: NextStepOptions,
): Promise<NewEvent> {
  const { blocks, maxTokens } = plan;
  const written = await agent.summarize?.({ text: renderBlocks(blocks), blocks, maxTokens }, options);
  const summary = written?.summary.trim() ?? "";
  const event = plan.event(summary === "" ? forgottenNote(plan) : summary);
  if (event.type !== "context_compacted" || written?.completion === undefined) return event;
  return { ...event, data: { ...event.data, completion: written.completion } };
}
