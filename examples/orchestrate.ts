// Orchestrator and workers: one agent cuts the work into tasks as it goes, others do them at the same time.
import {
  defineAgent,
  delegate,
  finish,
  type NextStepFunction,
  type Runtime,
  runAgent,
} from "../src/index.ts";

export type PlanStep = { intent: "assign"; task: string } | { intent: "report"; text: string };
export type WorkStep = { intent: "result"; text: string };
type Prompt<Step> = NextStepFunction<[thread: string], Step>;

export function orchestraAgents(plan: Prompt<PlanStep>, work: Prompt<WorkStep>) {
  const worker = defineAgent(work, { name: "worker", steps: { result: finish(({ text }) => text) } });
  const orchestrator = defineAgent(plan, {
    name: "orchestrator",
    severalSteps: "concurrent",
    // What all of them together may use.
    budget: { steps: 30 },
    steps: {
      assign: delegate({ agent: worker, input: ({ task }) => task }, { readOnly: true }),
      report: finish(({ text }) => text),
    },
  });
  return { worker, orchestrator };
}

/** The orchestrator waits on disk for its workers; a worker's failure is an error that it reads. */
export const orchestrate = (
  { orchestrator }: ReturnType<typeof orchestraAgents>,
  goal: string,
  { runtime, id }: { readonly runtime: Runtime; readonly id: string },
): Promise<string> => runAgent(orchestrator, goal, { runtime, id });
