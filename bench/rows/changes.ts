import { join } from "node:path";
import {
  createRuntime,
  defineAgent,
  finish,
  type NextStepFunction,
  type Runtime,
  requestIdOf,
  type ThreadId,
  tool,
} from "../../src/index.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { bencher } from "../engine.ts";
import { type Compared, sideBySide } from "../measured.ts";
import type { BenchRow } from "./bench-row.ts";

const LONG = 5_000;
const SHORT = 50;

type ChangingStep =
  | { intent: "add"; a: number; b: number }
  | { intent: "pay"; amount: number }
  | { intent: "done" };

/** What a person does to a long thread beside a short one, until it is on disk: flat in the length. */
export const changes: BenchRow = async ({ folder, quick, tick }) => {
  const store = await openSqliteStore(join(folder, "changes.db"));
  let left = 0;
  const runtime = createRuntime({ agents: [payer(() => left-- > 0)], store });
  const threadOf = async (length: number): Promise<ThreadId> => {
    left = length;
    const { threadId } = await runtime.launch({ agent: "payer", input: { message: "go", from: bencher } });
    await runtime.settled(threadId);
    tick(`a thread of ${length} steps`);
    return threadId;
  };
  const ids = { ours: await threadOf(LONG), hand: await threadOf(SHORT) };
  const rounds = quick ? 7 : 31;
  const rows: Compared[] = [];
  for (const [what, change] of Object.entries(CHANGES)) {
    const times = await sideBySide(
      rounds,
      () => change(runtime, ids.ours),
      () => change(runtime, ids.hand),
      () => tick(`${what}, ${LONG} steps`),
    );
    rows.push({
      what: `${what} a thread of ${LONG} steps beside one of ${SHORT}`,
      ...times,
      unit: "ms",
      budget: { atMost: 3 },
    });
  }
  await runtime.stop();
  await store.close();
  return rows;
};

/** Each leaves the thread as it was: waiting for an approval. Gives the milliseconds of the change alone. */
const CHANGES: Readonly<Record<string, (runtime: Runtime, id: ThreadId) => Promise<number>>> = {
  async "a message to"(runtime, id) {
    const taken = await timed(() => runtime.message(id, "and one more thing", bencher));
    // The approval is asked for again, with the message on its card.
    await runtime.settled(id);
    return taken;
  },
  async pausing(runtime, id) {
    const taken = await timed(() => runtime.pause(id, bencher));
    await runtime.resume(id, bencher);
    await runtime.settled(id);
    return taken;
  },
  async "a response to a request of"(runtime, id) {
    const { request } = (await runtime.get(id)).state;
    if (request?.type !== "approval") throw new Error("no approval is pending");
    const response = { decision: { kind: "denied", feedback: "no" }, digest: request.digest } as const;
    const taken = await timed(() => runtime.respond(requestIdOf(id, request.seq), response, bencher));
    await runtime.settled(id);
    return taken;
  },
};

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Adds as long as it is to, then wants to pay: that needs an approval. */
function payer(isToAdd: () => boolean) {
  const next: NextStepFunction<[string], ChangingStep> = {
    name: "Changing",
    version: "1",
    async call() {
      const value: ChangingStep = isToAdd() ? { intent: "add", a: 1, b: 2 } : { intent: "pay", amount: 3 };
      const completion = {
        raw: JSON.stringify(value),
        client: "instant",
        usage: null,
        durationMs: 0,
        requestDigest: "",
      };
      return { ok: true, value, fidelity: { grade: "exact", reasons: [] }, more: [], completion };
    },
    request: () => Promise.reject(new Error("not asked for")),
    parse: () => {
      throw new Error("not asked for");
    },
  };
  return defineAgent(next, {
    name: "payer",
    budget: { steps: 1_000_000 },
    limits: { repeats: 1_000_000 },
    steps: {
      add: tool(({ a, b }) => a + b, { readOnly: true }),
      pay: tool(({ amount }) => amount, { approval: "always" }),
      done: finish(() => "done"),
    },
  });
}
