import { askHuman, defineAgent, finish, type NextStepFunction, promptFunction, tool } from "twelvefold";
import { b } from "../baml_client/index.ts";
import { getBamlFiles } from "../baml_client/inlinedbaml.ts";
import { type Account, openAccount } from "./account.ts";

/** What the prompt may propose: the union in `baml_src/agent.baml`. */
export type Step = Awaited<ReturnType<typeof b.DetermineNextStep>>;

/** The agent with any next step: the prompt, or a script in tests. */
export function createAgent(nextStep: NextStepFunction<[thread: string], Step>, account: Account) {
  return defineAgent(nextStep, {
    name: "my-agent",
    description: "Keeps an account; a person approves what it takes out.",
    steps: {
      // After a crash an idempotent tool runs again, with the same key.
      deposit: tool(({ amount }, { key }) => account.book(amount, key), { idempotent: true }),
      withdraw: tool(({ amount }, { key }) => account.book(-amount, key), {
        idempotent: true,
        approval: "always",
      }),
      request_more_information: askHuman(({ message }) => message),
      done_for_now: finish(({ message }) => message),
    },
  });
}

export const agent = createAgent(
  promptFunction(b, "DetermineNextStep", { bamlFiles: getBamlFiles }),
  openAccount(".twelvefold/account.jsonl"),
);
