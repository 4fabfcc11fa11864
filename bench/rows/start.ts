import { execFile, spawn } from "node:child_process";
import { createServer } from "node:http";
import { join } from "node:path";
import { promisify } from "node:util";
import { systemClock } from "../../src/base/clock.ts";
import { write } from "../../src/loop/journal.ts";
import { localModel } from "../../src/prompts/models/select-model.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { StoreJournal } from "../../src/runtime/store-journal.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import { projectionOf } from "../../src/thread/projection.ts";
import { forkThread, threadOf } from "../../src/thread/thread.ts";
import { httpAgent, runThread } from "../engine.ts";
import { handClient, handLoop, handStore } from "../hand-loop.ts";
import { messageFor } from "../instant-model.ts";
import { type Compared, median, sideBySide } from "../measured.ts";
import type { BenchRow } from "./bench-row.ts";

const STEPS = 100;

/** From the start of a process to its first model request, with a new thread and with one that was paused on disk. */
export const processStart: BenchRow = async ({ folder, starts, modelUrl, quick, tick }) => {
  const door = await listen();
  const paths = { ours: join(folder, "start.db"), hand: join(folder, "start-hand.db") };
  const store = await openSqliteStore(paths.ours);
  const runtime = createRuntime({ agents: [httpAgent], store, model: localModel("instant", modelUrl) });
  const rounds = quick ? 5 : 21;
  const rows: Compared[] = [];

  const cache = { NODE_COMPILE_CACHE: join(folder, "compile-cache") };
  const variants: readonly Variant[] = [
    { name: "", scripts: starts.installed, env: {} },
    { name: ", bundled", scripts: starts.bundled, env: {} },
    { name: ", bundled, both with Node's compile cache", scripts: starts.bundled, env: cache },
  ];
  for (const variant of variants) {
    const message = messageFor("start", 0);
    const fresh = await sideBySide(
      rounds,
      () => door.firstRequest(variant, "twelvefold", paths.ours, "launch", message),
      () => door.firstRequest(variant, "hand", paths.hand, "launch", message),
      () => tick(`process start${variant.name}`),
    );
    rows.push({
      what: `process start to the first model request${variant.name}`,
      ...fresh,
      unit: "ms",
      budget: { atMost: 1.5 },
    });
  }

  const imported = await sideBySide(
    rounds,
    () => importTime(starts.installed, "../../src/index.js"),
    () => importTime(starts.installed, "@boundaryml/baml"),
    () => tick("importing"),
  );
  rows.push({ what: 'import "twelvefold", beside that of BAML alone', ...imported, unit: "ms" });

  await runThread(runtime, httpAgent.name, messageFor("long", STEPS));
  const hand = handStore(paths.hand);
  await handLoop(hand, "long", handClient(modelUrl), messageFor("long-hand", STEPS));
  hand.close();
  const [original] = (await store.list({ status: ["finished"], search: "added" })).threads;
  if (original === undefined) throw new Error("the long thread is missing");
  const copies: string[] = [];
  const pauses: number[] = [];
  for (let copy = 0; copy < variants.length * (rounds + 40); copy++) {
    const id = await unfinishedCopy(store, original.threadId);
    const journal = new StoreJournal(threadOf(id, await store.read(id)), {
      store,
      clock: systemClock,
      agent: httpAgent,
    });
    await store.claim(id, "bench", Date.now(), Date.now() + 1000);
    const start = performance.now();
    await journal.append(write({ type: "paused", data: { by: { channel: "bench", id: "bench" } } }));
    await store.release(id, "bench");
    pauses.push(performance.now() - start);
    copies.push(id);
    tick("pausing to disk");
  }
  rows.push({
    what: `pausing a running thread of ${STEPS} steps to disk`,
    ours: median(pauses),
    hand: null,
    unit: "ms",
    budget: { atMost: 1 },
  });
  for (const variant of variants) {
    const resumed = await sideBySide(
      rounds,
      () => door.firstRequest(variant, "twelvefold", paths.ours, "resume", copies.pop() ?? ""),
      () => door.firstRequest(variant, "hand", paths.hand, "resume", "long"),
      () => tick(`resuming in a new process${variant.name}`),
    );
    rows.push({
      what: `resuming a thread of ${STEPS} steps in a new process${variant.name}`,
      ...resumed,
      unit: "ms",
      budget: { atMost: 1.3 },
    });
  }
  await runtime.stop();
  await store.close();
  await door.close();
  return rows;
};

/** Milliseconds that a fresh process takes to import a module. */
async function importTime(folder: string, name: string): Promise<number> {
  const program = `const began = performance.now(); await import(${JSON.stringify(name)}); console.log(performance.now() - began)`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--no-warnings", "--input-type=module", "--eval", program],
    { cwd: folder },
  );
  return Number(stdout);
}

/** How the programs of `start/` are built and run. */
interface Variant {
  readonly name: string;
  readonly scripts: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A thread with everything of the original but its end, so that the model is asked next. */
async function unfinishedCopy(store: ThreadStore, original: Parameters<ThreadStore["read"]>[0]) {
  const thread = threadOf(original, await store.read(original));
  const copy = forkThread(thread, thread.state.seq - 2);
  await store.append(copy.id, 0, copy.events, { projection: projectionOf(copy.state) });
  return copy.id;
}

/** A server that tells when the first request of a process arrives; it answers with the end of the run. */
async function listen() {
  let arrived: () => void = () => {};
  const server = createServer((request, response) => {
    arrived();
    request.resume().on("end", () => {
      const content = JSON.stringify({ intent: "done_for_now", message: "done" });
      const choices = [{ index: 0, finish_reason: "stop", message: { role: "assistant", content } }];
      response.setHeader("content-type", "application/json");
      response.end(
        JSON.stringify({ id: "1", object: "chat.completion", model: "instant", created: 0, choices }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/v1`;
  return {
    /** Milliseconds until the request came. The process ends by itself before the next one starts. */
    async firstRequest(
      { scripts, env }: Variant,
      script: "twelvefold" | "hand",
      path: string,
      how: "launch" | "resume",
      what: string,
    ) {
      await ended;
      const start = performance.now();
      const came = new Promise<number>((resolve) => {
        arrived = () => resolve(performance.now() - start);
      });
      const file = join(scripts, `${script}.js`);
      const child = spawn(process.execPath, ["--no-warnings", file, path, url, how, what], {
        stdio: "inherit",
        env: { ...process.env, ...env },
      });
      ended = new Promise((resolve) => child.once("close", resolve));
      return came;
    },
    async close() {
      await ended;
      server.close();
      server.closeAllConnections();
    },
  };
}

let ended: Promise<unknown> = Promise.resolve();
