import type { CompletionRecord } from "../base/completion.ts";
import type { ModelChoice } from "../prompts/types.ts";
import type { Ask, HelperContext } from "../steps/definitions.ts";
import type { Thread } from "../thread/thread.ts";

/** What code beside the loop gets to ask models with, and what that has cost so far. */
export interface Helper extends HelperContext {
  /** For the event that records what came of it; empty if no model was asked. */
  countSpent(): { readonly completions?: readonly CompletionRecord[] };
}

export function createHelper(
  thread: Thread,
  { model, signal }: { readonly model: ModelChoice | undefined; readonly signal: AbortSignal },
): Helper {
  const completions: CompletionRecord[] = [];
  const ask: Ask = async (prompt, ...args) => {
    const answer = await prompt.call(args, { defaultModel: model, signal });
    completions.push(answer.completion);
    if (answer.ok) return answer.value;
    throw new Error(`the model's answer was not accepted: ${answer.message}`);
  };
  return {
    thread,
    model,
    signal,
    ask,
    countSpent: () => (completions.length === 0 ? {} : { completions: [...completions] }),
  };
}
