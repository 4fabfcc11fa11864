// Voting: the same question several times at once, each in a run of its own; code counts.
import { defineAgent, finish, type NextStepFunction, type Runtime, runAgent } from "../src/index.ts";

export type VoteStep = { intent: "vote"; reasoning: string; choice: string };

export const createVoter = (prompt: NextStepFunction<[thread: string], VoteStep>) =>
  defineAgent(prompt, { name: "voter", steps: { vote: finish(({ choice }) => choice) } });

/** What more than half of the voters chose; `null` if there is no such choice, and a person should look. */
export async function vote(
  voter: ReturnType<typeof createVoter>,
  question: string,
  { runtime, id, voters = 3 }: { readonly runtime: Runtime; readonly id: string; readonly voters?: number },
): Promise<string | null> {
  const runs = Array.from({ length: voters }, (_, n) =>
    runAgent(voter, question, { runtime, id: `${id}:${n}` }),
  );
  const choices = await Promise.all(runs);
  const count = (choice: string) => choices.filter((one) => one === choice).length;
  return choices.find((choice) => count(choice) * 2 > voters) ?? null;
}
