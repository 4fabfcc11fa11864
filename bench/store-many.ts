import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { randomThreadId } from "../src/base/ids.ts";
import { openSqliteStore } from "../src/store/sqlite/open.ts";
import type { ListFilter, ThreadStore } from "../src/store/store.ts";
import type { Compared } from "./measured.ts";
import { sampleEvent, working } from "./store-sample.ts";

/** Lists and due threads among many paused ones. */
export async function benchManyThreads(
  folder: string,
  threads: number,
  tick: (doing: string) => void,
): Promise<readonly Compared[]> {
  const store = await openSqliteStore(join(folder, "million.db"));
  await fillWithPaused(store, threads, tick);
  const measured = await measureLists(store, threads, tick);
  await store.close();
  return measured;
}

/** Lists and due threads of a store that holds so many. */
export async function measureLists(
  store: ThreadStore,
  threads: number,
  tick: (doing: string) => void,
): Promise<readonly Compared[]> {
  const before = heldMemory();
  const count = threads.toLocaleString("en");
  const filters: readonly (readonly [string, ListFilter])[] = [
    ["no filter", {}],
    ["pending", { pending: true }],
    ["pending of an agent", { pending: true, agent: "agent-3" }],
    ["awaiting_approval", { status: ["awaiting_approval"] }],
    ["an agent", { agent: "agent-3" }],
    ["three statuses of an agent", { agent: "agent-3", status: ["running", "awaiting_human", "finished"] }],
    ["a search for words that all have", { search: "refund customer" }],
    ["a search for the beginning of a word that all have", { search: "custo" }],
    ["a search for a rare word among common ones", { search: "refund 77 customer" }],
    ["a search within an agent and a status", { search: "refund", agent: "agent-3", status: ["finished"] }],
    ["a search that finds nothing", { search: "nowhere to be found" }],
  ];
  const measured: Compared[] = [];
  for (const [name, filter] of filters) {
    tick(`a page of a list, ${name}`);
    const times: number[] = [];
    let cursor: string | null = null;
    for (let page = 0; page < 200; page++) {
      const start = performance.now();
      const { next }: { next: string | null } = await store.list(
        cursor === null ? filter : { ...filter, cursor },
      );
      times.push(performance.now() - start);
      cursor = next;
    }
    const p99 = times.toSorted((a, b) => a - b)[197] ?? 0;
    measured.push(row(`a page of a list among ${count}, ${name}: p99`, p99));
  }
  const times: number[] = [];
  for (let round = 0; round < 200; round++) {
    const start = performance.now();
    await store.due(Date.now(), 64);
    times.push(performance.now() - start);
  }
  const due = times.toSorted((a, b) => a - b)[197] ?? 0;
  const grown = (heldMemory() - before) / 1e6;
  return [
    ...measured,
    row(`what is due among ${count}: p99`, due),
    {
      what: "memory still held after all these",
      ours: grown,
      hand: null,
      unit: "MB",
      budget: { atMost: 64 },
    },
  ];
}

/** Bytes that are in use once what nobody uses is collected. */
function heldMemory(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function row(what: string, ours: number): Compared {
  return { what, ours, hand: null, unit: "ms", budget: { atMost: 20 } };
}

export async function fillWithPaused(
  store: ThreadStore,
  threads: number,
  tick: (doing: string) => void,
): Promise<void> {
  const now = Date.now() - threads;
  const group = 5000;
  for (let first = 0; first < threads; first += group) {
    const appends = Array.from({ length: Math.min(group, threads - first) }, (_, index) => {
      const number = first + index;
      const kind = number % 10;
      const paused =
        kind < 6
          ? { status: "awaiting_approval" as const, pendingRequest: 1 }
          : kind < 8
            ? { status: "awaiting_human" as const, pendingRequest: 1 }
            : kind < 9
              ? { status: "awaiting_time" as const, wakeAt: Date.now() + 86_400_000 + number }
              : { status: "finished" as const };
      const projection = working({
        agent: `agent-${number % 7}`,
        title: `approve the refund ${number} of a customer`,
        wantsAdvance: false,
        ...paused,
      });
      const texts = [{ seq: 1, text: `approve the refund ${number} of a customer` }];
      return store.append(randomThreadId(), 0, [sampleEvent(1, now + number)], { projection, texts });
    });
    await Promise.all(appends);
    tick(`storing threads: ${Math.round(((first + group) / threads) * 100)} %`);
  }
}
