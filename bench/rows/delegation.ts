import { join } from "node:path";
import {
  advance,
  createJournal,
  defineAgent,
  delegate,
  finish,
  runAgent,
  systemClock,
} from "../../src/index.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { appendEvents, startThread } from "../../src/thread/thread.ts";
import { bencher, instantAgent, instantNextStep } from "../engine.ts";
import { handStore } from "../hand-loop.ts";
import { type Compared, sideBySide } from "../measured.ts";
import type { BenchRow } from "./bench-row.ts";

type BossStep = { intent: "hand" } | { intent: "done"; message: string };

/**
 * A step that is handed to another agent, which ends at once, beside the six appends that this takes by hand; and a run by
 * `runAgent` in memory beside the bare loop.
 */
export const delegation: BenchRow = async (bench) => [await oneDelegation(bench), await oneRun(bench)];

const oneDelegation = async ({ folder, quick, tick }: Parameters<BenchRow>[0]): Promise<Compared> => {
  const helper = instantAgent(0);
  const next = instantNextStep<BossStep>((asked) =>
    asked % 2 === 0 ? { intent: "hand" } : { intent: "done", message: "done" },
  );
  const boss = defineAgent(next, {
    name: "boss",
    steps: { hand: delegate({ agent: helper }), done: finish(({ message }) => message) },
  });
  const store = await openSqliteStore(join(folder, "delegation.db"));
  const runtime = createRuntime({ agents: [boss, helper], store });
  const hand = handStore(join(folder, "delegation-hand.db"));
  const times = await sideBySide(
    quick ? 15 : 101,
    async () => {
      const { threadId } = await runtime.launch({
        agent: "boss",
        input: { message: "go", from: bencher },
      });
      await runtime.settled(threadId);
    },
    async (round) => {
      const [parent, child] = [`${round}`, `${round} child`];
      hand.append(parent, 1, { type: "user_message", data: "go" });
      hand.append(parent, 2, { type: "hand", data: {} });
      hand.append(child, 1, { type: "user_message", data: "go" });
      hand.append(child, 2, { type: "done", data: { message: "added" } });
      hand.append(parent, 3, { type: "hand_result", data: "added" });
      hand.append(parent, 4, { type: "done", data: { message: "done" } });
    },
    () => tick("one delegation"),
  );
  await runtime.stop();
  await store.close();
  hand.close();
  return { what: "a thread with one delegation", ...times, unit: "ms" };
};

const STEPS = 10;

const oneRun = async ({ quick, tick }: Parameters<BenchRow>[0]): Promise<Compared> => {
  const agent = instantAgent(STEPS);
  const times = await sideBySide(
    quick ? 15 : 101,
    () => runAgent(agent, "add"),
    async () => {
      const from = { channel: bencher.channel, id: bencher.id };
      const start = startThread({ agent: agent.name }, Date.now());
      const thread = appendEvents(
        start,
        [{ type: "message_received", data: { text: "add", from } }],
        Date.now(),
      );
      const { signal } = new AbortController();
      await advance(createJournal(thread, agent, systemClock), agent, { clock: systemClock, signal });
    },
    () => tick("runAgent"),
  );
  return { what: `runAgent with ${STEPS} steps in memory, beside advance`, ...times, unit: "ms" };
};
