import type { Agent } from "../../src/agent/agent.ts";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import type { ModelChoice, NextStepFunction } from "../../src/index.ts";
import { createRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { type ScriptedAnswer, scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { dyingStore } from "../runtime/dying-store.ts";

type Step = { readonly intent: string };

export interface Answering<S> extends NextStepFunction<[thread: string], S> {
  /** What the model was shown at each call. */
  readonly prompts: string[];
  /** How many calls were under way at once, at most. */
  most(): number;
}

/** A scripted model that answers by what it reads, so that calls may come in any order. */
export function answering<S extends Step>(answer: (prompt: string) => ScriptedAnswer<S>): Answering<S> {
  const prompts: string[] = [];
  let open = 0;
  let most = 0;
  return {
    ...scriptedSteps<S>([]),
    prompts,
    most: () => most,
    async call([prompt], options) {
      prompts.push(prompt);
      open += 1;
      most = Math.max(most, open);
      // As long as anybody else has something to do.
      await systemClock.sleep(0, options?.signal).finally(() => {
        open -= 1;
      });
      return scriptedSteps<S>([answer(prompt)]).call([prompt], options);
    },
  };
}

/** A minute later: what the dead process had claimed is free. */
const later: Clock = { ...systemClock, now: () => systemClock.now() + 60_000 };

/**
 * Runs a program whole, and then once for each (or every 2nd …) of its appends, killed right after that and run again in a new process on the
 * same store. Returns what each of them came to: first that of the whole run.
 */
export async function killEverywhere<Result>(
  agents: readonly Agent[],
  program: (runtime: Runtime) => Promise<Result>,
  { every = 1, model }: { readonly every?: number; readonly model?: ModelChoice } = {},
): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; ; at += every) {
    const store = createMemoryStore();
    const dying = dyingStore(store, at, "after");
    const first = createRuntime({ agents, store: dying.store, model });
    first.start();
    const run = program(first);
    const ended = await Promise.race([run.then((result) => ({ result })), dying.died]);
    run.catch(() => {});
    await first.stop().catch(() => {});
    if (ended !== undefined) {
      results.push(ended.result);
      if (at > 0) return results;
      continue;
    }
    const second = createRuntime({ agents, store, model, clock: later });
    second.start();
    results.push(await program(second));
    await second.stop();
  }
}
