/*
 * The HTTP API over a real socket and a SQLite store: `npx tsx bench/http.bench.ts [--threads 100000]`. Requests come from this process
 * too, launches and responses eight at a time and pages one after another, so the
 * numbers are a lower bound.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { randomThreadId } from "../src/base/ids.ts";
import { createClient } from "../src/client/index.ts";
import { defineAgent } from "../src/loop/agent.ts";
import { createRuntime } from "../src/runtime/runtime.ts";
import { startServer } from "../src/server/start.ts";
import { askHuman, finish } from "../src/steps/steps.ts";
import { openSqliteStore } from "../src/store/sqlite/open.ts";
import type { ThreadStore } from "../src/store/store.ts";
import { scriptedSteps } from "../src/testing/scripted-steps.ts";
import { projectionOf } from "../src/thread/projection.ts";
import { appendEvents, startThread } from "../src/thread/thread.ts";
import type { Measured } from "./measured.ts";

type BenchStep = { intent: "ask"; message: string } | { intent: "done"; message: string };

const AT_ONCE = 8;

/** Requests per second of launch, respond and list, and how long a page takes, among `threads` stored threads. */
export async function benchHttp(threads = 100_000, requests = 1_000): Promise<readonly Measured[]> {
  const folder = mkdtempSync(join(tmpdir(), "twelvefold-http-"));
  const store = await openSqliteStore(join(folder, "threads.db"));
  await fill(store, threads);
  const runtime = createRuntime({ agents: [askingAgent()], store });
  const limits = { requestsPerSecond: 1e9, burst: 1e9 };
  const server = await startServer({ runtime, port: 0, limits });
  const client = createClient({ url: server.url });
  try {
    const ids: string[] = [];
    const launch = await timed(requests, async () => {
      const { threadId } = await client.request("POST /threads", { body: { agent: "bench", message: "go" } });
      ids.push(threadId);
    });
    const pending: string[] = [];
    for (const threadId of ids) pending.push(await requestOf(client, threadId));
    const respond = await timed(requests, async (n) => {
      await client.request("POST /requests/{requestId}/response", {
        path: { requestId: pending[n] ?? "" },
        body: { decision: { kind: "answered", text: "yes" } },
      });
    });
    await untilIdle(client);
    let cursor: string | null = null;
    const list = await timed(
      requests,
      async () => {
        const query: { limit: number; cursor?: string } =
          cursor === null ? { limit: 50 } : { limit: 50, cursor };
        ({ next: cursor } = await client.request("GET /threads", { query }));
      },
      1,
    );
    const inbox = await timed(
      Math.min(requests, 300),
      async () => {
        await client.request("GET /requests", { query: { limit: 50 } });
      },
      1,
    );
    return [
      ...lines("launch", launch),
      ...lines("respond", respond),
      ...lines(`list of 50 among ${threads.toLocaleString("en")} threads`, list),
      ...lines(`pending requests, 50 among ${threads.toLocaleString("en")} threads`, inbox),
    ];
  } finally {
    await server.close();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Timed {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

function lines(what: string, { perSecond, p50, p99 }: Timed): Measured[] {
  return [
    { what: `HTTP ${what}`, value: perSecond, unit: "requests/s" },
    { what: `HTTP ${what}, p50`, value: p50, unit: "ms" },
    { what: `HTTP ${what}, p99`, value: p99, unit: "ms" },
  ];
}

async function timed(count: number, request: (n: number) => Promise<void>, atOnce = AT_ONCE): Promise<Timed> {
  const times: number[] = [];
  let next = 0;
  const started = performance.now();
  const worker = async () => {
    while (next < count) {
      const n = next;
      next += 1;
      const start = performance.now();
      await request(n);
      times.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const elapsed = performance.now() - started;
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { perSecond: (count / elapsed) * 1000, p50: at(0.5), p99: at(0.99) };
}

async function requestOf(client: ReturnType<typeof createClient>, threadId: string): Promise<string> {
  for (;;) {
    const { request } = await client.request("GET /threads/{threadId}", { path: { threadId } });
    if (request !== null) return request.requestId;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** What was answered is still being worked on: that is not what a page costs. */
async function untilIdle(client: ReturnType<typeof createClient>): Promise<void> {
  for (;;) {
    const { threads } = await client.request("GET /threads", { query: { status: "running", limit: 1 } });
    if (threads.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Asks at its first turn, and is done at the second. */
function askingAgent() {
  const none = scriptedSteps<BenchStep>([]);
  return defineAgent(
    {
      ...none,
      async call([rendered]) {
        const step: BenchStep = rendered.includes("yes")
          ? { intent: "done", message: "ok" }
          : { intent: "ask", message: "go on?" };
        return scriptedSteps<BenchStep>([step]).call([rendered]);
      },
    },
    {
      name: "bench",
      steps: { ask: askHuman(({ message }) => message), done: finish(({ message }) => message) },
    },
  );
}

/** Threads that wait for a person, one in ten, or have ended. */
async function fill(store: ThreadStore, threads: number): Promise<void> {
  const start = Date.now() - threads * 1000;
  for (let from = 0; from < threads; from += 500) {
    const batch = Array.from({ length: Math.min(500, threads - from) }, (_, n) =>
      storedThread(from + n, start),
    );
    await Promise.all(batch.map(({ id, events, state }) => store.append(id, 0, events, projectionOf(state))));
  }
}

function storedThread(n: number, start: number) {
  const at = start + n * 1000;
  const from = { channel: "web", id: "ada" };
  const thread = appendEvents(
    startThread({ agent: "bench" }, at, randomThreadId()),
    [{ type: "message_received", data: { text: `invoice ${n}`, from } }],
    at,
  );
  return n % 10 === 0
    ? appendEvents(
        thread,
        [{ type: "human_asked", data: { kind: "escalation", question: `invoice ${n}?` } }],
        at,
      )
    : appendEvents(thread, [{ type: "finished", data: { result: `paid ${n}` } }], at);
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { threads: { type: "string" }, requests: { type: "string" } } });
  const measured = await benchHttp(Number(values.threads ?? 100_000), Number(values.requests ?? 1_000));
  console.table(
    measured.map(({ what, value, unit }) => ({ what, measured: `${value.toPrecision(3)} ${unit}` })),
  );
}
