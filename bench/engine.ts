import { calculator } from "../src/agents/calculator/agent.ts";
import {
  type Agent,
  defineAgent,
  finish,
  type NextStepFunction,
  type Runtime,
  tool,
  verifiedBy,
} from "../src/index.ts";

export const bencher = verifiedBy("bench", "bench");

/** The calculator without a limit on its steps, asking its model through the generated client. */
export const httpAgent: Agent = {
  ...calculator,
  name: "bench",
  budget: { ...calculator.budget, steps: 1_000_000 },
};

type InstantStep = { intent: "add"; a: number; b: number } | { intent: "done"; message: string };

/** A model that is a function in this process. It is told how often it was asked before. */
export function instantNextStep<S>(answer: (before: number) => S): NextStepFunction<[string], S> {
  let asked = 0;
  return {
    name: "Instant",
    version: "1",
    async call() {
      const value = answer(asked++);
      const raw = JSON.stringify(value);
      const completion = { raw, client: "instant", usage: null, durationMs: 0, requestDigest: "" };
      return { ok: true, value, fidelity: { grade: "exact", reasons: [] }, more: [], completion };
    },
    request: () => Promise.reject(new Error("not asked for")),
    parse: () => {
      throw new Error("not asked for");
    },
  };
}

/** An agent whose model is a function in this process: so many additions, then the end. */
export function instantAgent(steps: number): Agent {
  const next = instantNextStep<InstantStep>((before) => {
    const asked = (before + 1) % (steps + 1);
    return asked === 0 ? { intent: "done", message: "added" } : { intent: "add", a: asked, b: asked / 2 };
  });
  return defineAgent(next, {
    name: `instant-${steps}`,
    budget: { steps: 1_000_000 },
    steps: {
      add: tool(({ a, b }) => a + b, { readOnly: true }),
      done: finish(({ message }) => message),
    },
  });
}

/** Launches a thread and waits until its end is on disk. */
export async function runThread(runtime: Runtime, agent: string, message: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let id: string | undefined;
  const ended = new Set<string>();
  const unsubscribe = runtime.subscribe((seen) => {
    if (seen.kind === "problem") reject(seen.error);
    if (seen.kind !== "events" || seen.thread.state.status.kind === "running") return;
    ended.add(seen.thread.id);
    if (seen.thread.id === id) resolve();
  });
  try {
    id = (await runtime.launch({ agent, input: { message, from: bencher } })).threadId;
    if (!ended.has(id)) await promise;
  } finally {
    unsubscribe();
  }
}
