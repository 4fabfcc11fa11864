import { TwelvefoldError } from "../base/errors.ts";
import { requestIdOf, type ThreadId } from "../base/ids.ts";
import { verifiedBy } from "../humans/principal.ts";
import type { Engine } from "../runtime/engines/engine.ts";
import { createRuntime, type Runtime, type RuntimeOptions } from "../runtime/runtime.ts";
import type { ThreadStore } from "../store/store.ts";
import type { Thread } from "../thread/thread.ts";
import { plannedAgent } from "./engine-contract/agent.ts";
import type { TestRunner } from "./store-contract/runner.ts";

/** What one process holds: its own connection to the threads, and its engine. */
export interface EngineProcess {
  readonly store: ThreadStore;
  readonly engine: Engine;
}

/** A fresh, empty store and queue for one test. */
export interface OpenedEngine {
  /** Another process at the same threads and the same queue. */
  readonly connect: () => Promise<EngineProcess>;
  /** How often, in ms, each process looks for work by itself. Default 1,000. Long: what does not come by the engine comes late. */
  readonly sweepMs?: number;
  /** Resolves when the engines that were started can be sent wakes. Default: at once. */
  readonly ready?: () => Promise<void>;
  /** Closes everything that was opened, except for the engines, which the contract stops. */
  readonly close: () => Promise<void>;
}

const ada = verifiedBy("test", "ada");

/**
 * What every `Engine` must do, as tests with a runtime around it. For an engine of your own:
 *
 *     import { describe, it } from "vitest"; // or any runner that has the two
 *     engineContract({ describe, it }, "my engine", async () => ({ connect, close }));
 *
 * `open` is called before each test; if it throws, that test fails.
 */
export function engineContract(runner: TestRunner, name: string, open: () => Promise<OpenedEngine>): void {
  const test = (title: string, body: (world: World) => Promise<void>) =>
    runner.it(title, async () => {
      const world = createWorld(await open());
      try {
        await body(world);
      } finally {
        await world.close();
      }
    });
  runner.describe(`${name} keeps the contract of engines`, () => {
    test("a thread that is launched where none is advanced goes on elsewhere", async ({ runtime }) => {
      const { agent, ran } = plannedAgent();
      const sender = await runtime({ agents: [agent], worker: false });
      await runtime({ agents: [agent] });
      const thread = await settle(sender, await launch(sender, "work done"));
      assertEqual(thread.state.status, { kind: "finished", result: "done" });
      assertEqual(ran.length, 1);
    });

    test("an answer, a pause and its end go on elsewhere", async ({ runtime }) => {
      const { agent } = plannedAgent();
      const sender = await runtime({ agents: [agent], worker: false });
      await runtime({ agents: [agent] });
      const id = await launch(sender, "ask work ask done");
      const asked = await settle(sender, id);
      await sender.pause(id, ada);
      await answer(sender, asked);
      await sender.resume(id, ada);
      const again = await settle(sender, id);
      assertEqual(again.state.status.kind, "awaiting_human");
      await answer(sender, again);
      assertEqual((await settle(sender, id)).state.status.kind, "finished");
    });

    test("what arrives while a thread works is not lost", async ({ runtime }) => {
      const arrived = Promise.withResolvers<void>();
      const working = Promise.withResolvers<void>();
      const { agent, ran } = plannedAgent(() => {
        working.resolve();
        return arrived.promise;
      });
      const sender = await runtime({ agents: [agent], worker: false });
      await runtime({ agents: [agent] });
      const id = await launch(sender, "work");
      await working.promise;
      await sender.message(id, "work done", ada);
      arrived.resolve();
      const thread = await settle(sender, id);
      assertEqual(thread.state.status.kind, "finished");
      assertEqual(ran.length, 2);
    });

    test("many threads, woken again and again, are each advanced once by several processes", async ({
      runtime,
    }) => {
      const { agent, ran } = plannedAgent();
      const sender = await runtime({ agents: [agent], worker: false });
      for (let other = 0; other < 3; other++) await runtime({ agents: [agent], concurrency: 4 });
      const ids = await Promise.all(Array.from({ length: 20 }, () => launch(sender, "work ask work done")));
      await Promise.all(ids.map(async (id) => answer(sender, await settle(sender, id))));
      for (const id of ids) {
        const { state } = await settle(sender, id);
        assertEqual(state.status.kind, "finished");
        assertEqual((await sender.verify(id)).ok, true);
      }
      assertEqual([new Set(ran).size, ran.length], [40, 40]);
    });

    test("a sleep ends by itself", async ({ runtime }) => {
      const { agent } = plannedAgent();
      const sender = await runtime({ agents: [agent], worker: false });
      await runtime({ agents: [agent] });
      const id = await launch(sender, "nap done");
      for (;;) {
        const { state } = await settle(sender, id);
        if (state.status.kind === "finished") return;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    });

    test("a cancellation reaches the tool that runs elsewhere", async ({ runtime }) => {
      const working = Promise.withResolvers<void>();
      const { agent } = plannedAgent(
        (signal) =>
          new Promise((resolve) => {
            signal.addEventListener("abort", resolve, { once: true });
            working.resolve();
          }),
      );
      const sender = await runtime({ agents: [agent], worker: false });
      await runtime({ agents: [agent] });
      const id = await launch(sender, "work done");
      await working.promise;
      await sender.cancel(id, ada);
      assertEqual((await settle(sender, id)).state.status.kind, "cancelled");
    });

    test("what a process leaves behind goes on in the next", async ({ runtime }) => {
      const { agent, ran } = plannedAgent();
      const sender = await runtime({ agents: [agent], worker: false });
      const early = await launch(sender, "work done");
      const first = await runtime({ agents: [agent] });
      await settle(sender, early);
      await first.stop();
      const late = await launch(sender, "work done");
      await runtime({ agents: [agent] });
      assertEqual((await settle(sender, late)).state.status.kind, "finished");
      assertEqual(ran.length, 2);
    });
  });
}

interface World {
  /** A runtime as another process has it, started unless it advances no threads. */
  runtime(options: Omit<RuntimeOptions, "store" | "engine">): Promise<Runtime>;
  close(): Promise<void>;
}

function createWorld({ connect, sweepMs, ready, close }: OpenedEngine): World {
  const runtimes: Runtime[] = [];
  const problems: unknown[] = [];
  return {
    async runtime(options) {
      const runtime = createRuntime({ ...options, sweepMs, ...(await connect()) });
      runtimes.push(runtime);
      runtime.subscribe((seen) => {
        if (seen.kind !== "problem" && seen.kind !== "sweep_problem") return;
        // A wake that could not be sent only makes a thread begin later.
        if (!TwelvefoldError.isInstance(seen.error) || seen.error.code !== "engine_failed")
          problems.push(seen.error);
      });
      runtime.start();
      await ready?.();
      return runtime;
    },
    async close() {
      for (const runtime of runtimes) await runtime.stop();
      await close();
      if (problems.length > 0) throw problems[0];
    },
  };
}

async function launch(runtime: Runtime, message: string): Promise<ThreadId> {
  return (await runtime.launch({ agent: "planned", input: { message, from: ada } })).threadId;
}

function settle(runtime: Runtime, id: ThreadId): Promise<Thread> {
  return runtime.settled(id, AbortSignal.timeout(15_000));
}

async function answer(runtime: Runtime, { id, state }: Thread): Promise<void> {
  const seq = state.request?.seq;
  if (seq === undefined) throw new Error(`thread ${id} asks nothing: it is ${state.status.kind}`);
  await runtime.respond(requestIdOf(id, seq), { decision: { kind: "answered", text: "yes" } }, ada);
}

function assertEqual(seen: unknown, wanted: unknown): void {
  const [found, expected] = [JSON.stringify(seen), JSON.stringify(wanted)];
  if (found !== expected) throw new Error(`expected ${expected}, found ${found}`);
}
