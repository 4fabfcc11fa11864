import type { Agent } from "../../agent/agent.ts";
import { canonicalJson, toJson } from "../../base/json.ts";
import { checkNames, type NamesOf } from "../../base/options.ts";
import type { Admit, Answer, ModelChoice } from "../../prompts/types.ts";
import type { Thread } from "../../thread/thread.ts";
import type { AnswerCache, KeptAnswer } from "./answer-cache.ts";

export interface AskOptions {
  /** Who answers, even if the agent has a model of its own. */
  readonly model?: ModelChoice | undefined;
  /** Who answers otherwise. */
  readonly defaultModel?: ModelChoice | undefined;
  /** Absent: nothing is kept. */
  readonly cache?: AnswerCache | undefined;
  /** Which of several answers to the same request. Default 0. */
  readonly sample?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Asked before each attempt, to limit how much a client is asked. */
  readonly admit?: Admit | undefined;
}

export const ASK_NAMES: NamesOf<AskOptions> = {
  model: true,
  defaultModel: true,
  cache: true,
  sample: true,
  signal: true,
  admit: true,
};

export interface Asked {
  readonly answer: Answer<unknown>;
  /** Whether it was kept from before: it costs nothing now. */
  readonly cached: boolean;
}

/**
 * Asks an agent's model for the next step of a thread; nothing is run. An answer that was kept is read anew by the parser
 * and gate of now. Only what reads the same from its text alone is kept: not an answer that was cut off or filtered.
 */
export async function askNextStep(agent: Agent, thread: Thread, options: AskOptions): Promise<Asked> {
  checkNames("askNextStep", ASK_NAMES, options);
  const { cache, sample = 0, ...call } = options;
  const { nextStep } = agent;
  if (cache === undefined) return { answer: await nextStep.call(thread, call), cached: false };
  const request = await nextStep.request(thread, call);
  const kept = cache.get(request, sample);
  if (kept !== undefined) {
    const { client, usage, durationMs } = kept;
    const answer = nextStep.parse(kept.raw, thread);
    const completion = { ...answer.completion, client, usage, durationMs, requestDigest: request.digest };
    return { answer: { ...answer, completion }, cached: true };
  }
  const answer = await nextStep.call(thread, call);
  const { raw, client, usage, durationMs, requestDigest } = answer.completion;
  const same = requestDigest === request.digest && gist(nextStep.parse(raw, thread)) === gist(answer);
  if (same) cache.put(request, sample, { client, raw, usage, durationMs } satisfies KeptAnswer);
  return { answer, cached: false };
}

function gist(answer: Answer<unknown>): string {
  return canonicalJson(
    answer.ok
      ? toJson([answer.value, answer.fidelity, answer.more])
      : toJson([answer.reason, answer.message]),
  );
}
