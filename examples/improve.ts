// Evaluator and optimiser: one writes, another judges, until it is good or has been tried often enough.
import { defineAgent, finish, type NextStepFunction, type Runtime, runAgent } from "../src/index.ts";

export type DraftStep = { intent: "draft"; text: string };
export type JudgeStep = { intent: "judge"; reasoning: string; good: boolean; advice: string };
type Prompt<Step> = NextStepFunction<[thread: string], Step>;

export const improvingAgents = (draft: Prompt<DraftStep>, judge: Prompt<JudgeStep>) => ({
  author: defineAgent(draft, { name: "author", steps: { draft: finish(({ text }) => text) } }),
  critic: defineAgent(judge, {
    name: "critic",
    steps: { judge: finish(({ good, advice }) => ({ good, advice })) },
  }),
});

interface Improving {
  readonly runtime: Runtime;
  readonly id: string;
  readonly rounds?: number;
}

/** The last draft, and whether the critic found it good. */
export async function improve(
  { author, critic }: ReturnType<typeof improvingAgents>,
  task: string,
  { runtime, id, rounds = 3 }: Improving,
): Promise<{ readonly text: string; readonly good: boolean; readonly rounds: number }> {
  for (let round = 1, text = "", advice = ""; ; round++) {
    text = await runAgent(author, { task, text, advice }, { runtime, id: `${id}:draft:${round}` });
    const verdict = await runAgent(critic, { task, text }, { runtime, id: `${id}:judge:${round}` });
    if (verdict.good || round >= rounds) return { text, good: verdict.good, rounds: round };
    advice = verdict.advice;
  }
}
