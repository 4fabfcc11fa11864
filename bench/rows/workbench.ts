import { getBamlFiles } from "../../baml_client/inlinedbaml.ts";
import { loadTokenCounter } from "../../src/context/budget/tokens.ts";
import { createMemoryStore, createRuntime, type ThreadStore } from "../../src/index.ts";
import { localModel } from "../../src/prompts/models/select-model.ts";
import { deployCheck } from "../../src/workbench/deploy/deploy-check.ts";
import { diffRequest } from "../../src/workbench/regression/diff-requests.ts";
import { reparse } from "../../src/workbench/regression/reparse.ts";
import { lastDecisions } from "../../src/workbench/regression/stored-decisions.ts";
import { agentAt } from "../../src/workbench/revision.ts";
import { bencher, httpAgent } from "../engine.ts";
import { messageFor } from "../instant-model.ts";
import type { Compared } from "../measured.ts";
import type { BenchRow } from "./bench-row.ts";

/** Decisions of a thread: as many as an agent takes for a task that is not small. */
const A_THREAD = 20;

/** The commands that ask no model, over stored decisions: after an edit of the prompt, each compares whole requests. */
export const workbench: BenchRow = async ({ modelUrl, quick, tick }) => {
  const decisions = quick ? 200 : 1_000;
  const store = createMemoryStore();
  const model = localModel("instant", modelUrl);
  await fill(store, model, { decisions, tick });
  const files = getBamlFiles();
  const text = files["calculator.baml"] ?? "";
  const edited = { ...files, "calculator.baml": text.replace("step by step", "one step at a time") };
  const before = agentAt(httpAgent, { name: "edited", files: edited });
  const count = await loadTokenCounter();
  const modelOf = () => model;
  const rows: Compared[] = [];
  const time = async (what: string, work: () => Promise<number>): Promise<void> => {
    const began = performance.now();
    const done = await work();
    const taken = performance.now() - began;
    rows.push({
      what: `${what} of ${done.toLocaleString("en")} stored decisions`,
      ours: taken / 1000,
      hand: null,
      unit: "s",
      budget: { atMost: 10 },
    });
    tick(what);
  };
  const each = async (work: (decision: Parameters<typeof reparse>[0]) => unknown): Promise<number> => {
    let done = 0;
    for await (const decision of lastDecisions(store, { last: decisions, agents: [httpAgent] })) {
      await work(decision);
      done += 1;
    }
    return done;
  };
  await time("reparse", () => each(reparse));
  await time("diff, nothing changed,", () =>
    each((decision) => diffRequest(decision, { before: undefined, against: false, modelOf, count })),
  );
  await time("diff after an edit", () =>
    each((decision) => diffRequest(decision, { before, against: true, modelOf, count })),
  );
  await time("deploy-check, with all", async () => {
    const options = {
      agents: [before],
      before: new Map([["bench", httpAgent]]),
      against: true,
      modelOf,
      count,
    };
    for await (const _ of deployCheck(store, options));
    return decisions;
  });
  await store.close();
  return rows;
};

async function fill(
  store: ThreadStore,
  model: ReturnType<typeof localModel>,
  { decisions, tick }: { readonly decisions: number; readonly tick: (doing: string) => void },
): Promise<void> {
  const runtime = createRuntime({ agents: [httpAgent], store, model });
  for (let thread = 0; thread * A_THREAD < decisions; thread += 1) {
    const input = { message: messageFor(`workbench-${thread}`, A_THREAD - 1), from: bencher };
    const { threadId } = await runtime.launch({ agent: "bench", input });
    await runtime.settled(threadId);
    // An open thread, for the check of a deploy.
    await runtime.message(threadId, "and now?", bencher);
    await runtime.pause(threadId, bencher);
    tick("threads with decisions");
  }
  await runtime.stop();
}
