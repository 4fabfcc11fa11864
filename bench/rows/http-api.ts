import { join } from "node:path";
import { type Client, createClient } from "../../src/client/index.ts";
import { serverInbox } from "../../src/inbox/index.ts";
import { createRuntime, systemClock } from "../../src/index.ts";
import { startServer } from "../../src/server/index.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import type { Compared } from "../measured.ts";
import { askingAgent, fillStore } from "../stored-threads.ts";
import { type Timed, timed } from "../timed.ts";
import type { BenchRow } from "./bench-row.ts";

const AT_ONCE = 8;

/**
 * The server over real sockets, among many stored threads. The requests come from the same process, so rates are a lower
 * bound and times an upper one.
 */
export const httpApi: BenchRow = async ({ folder, quick, tick }) => {
  const threads = quick ? 10_000 : 100_000;
  const requests = quick ? 200 : 1_000;
  const store = await openSqliteStore(join(folder, "http-api.db"));
  await fillStore(store, threads, (done) => tick(`storing threads: ${Math.round((100 * done) / threads)} %`));
  const runtime = createRuntime({ agents: [askingAgent()], store });
  const limits = { requestsPerSecond: 1e9, burst: 1e9 };
  const inbox = serverInbox({ runtime, clock: systemClock });
  const server = await startServer({ runtime, port: 0, limits, ...inbox });
  const client = createClient({ url: server.url, key: server.token });
  const rows: Compared[] = [];
  const rate = (what: string, { perSecond }: Timed) => {
    rows.push({ what: `HTTP API, ${what}`, ours: perSecond, hand: null, unit: "requests/s" });
  };
  const page = async (what: string, one: () => Promise<unknown>) => {
    tick(what);
    const { p50, p99 } = await timed(requests, 1, one);
    rows.push({ what: `${what}, median`, ours: p50, hand: null, unit: "ms", budget: { atMost: 20 } });
    rows.push({ what: `${what}, p99`, ours: p99, hand: null, unit: "ms", budget: { atMost: 20 } });
  };
  try {
    const ids: string[] = [];
    tick("HTTP API, launch");
    const launch = await timed(requests, AT_ONCE, async () => {
      const { threadId } = await client.request("POST /threads", {
        body: { agent: "asking", message: "go" },
      });
      ids.push(threadId);
    });
    rate("launch", launch);
    await untilIdle(client);
    const pending: string[] = [];
    for (const threadId of ids) pending.push(await requestOf(client, threadId));
    tick("HTTP API, respond");
    const respond = await timed(requests, AT_ONCE, (n) =>
      client.request("POST /requests/{requestId}/response", {
        path: { requestId: pending[n] ?? "" },
        body: { decision: { kind: "answered", text: "yes" } },
      }),
    );
    rate("respond", respond);
    await untilIdle(client);
    tick("HTTP API, list of 50");
    rate("list of 50", await timed(requests, AT_ONCE, pages(client)));

    const among = `among ${threads.toLocaleString("en")} threads`;
    const html = (path: string) => async () => {
      const response = await fetch(`${server.url}${path}`, {
        headers: { authorization: `Bearer ${server.token}` },
      });
      if (!response.ok) throw new Error(`${path}: ${response.status}`);
      await response.text();
    };
    await page(`inbox page, pending requests ${among}`, html("/inbox"));
    await page(`inbox page, list ${among}`, html("/inbox/threads"));
    await page(
      `inbox page, search ${among}`,
      html(`/inbox/threads?search=${encodeURIComponent("invoice 77")}`),
    );
    await page(`inbox page, one thread`, html(`/inbox/threads/${ids[0]}`));
    return rows;
  } finally {
    await server.close();
    await store.close();
  }
};

/** One page of the list after the other, and from the start again. */
function pages(client: Client): () => Promise<void> {
  let cursor: string | null = null;
  return async () => {
    const query: { limit: number; cursor?: string } = cursor === null ? { limit: 50 } : { limit: 50, cursor };
    ({ next: cursor } = await client.request("GET /threads", { query }));
  };
}

async function requestOf(client: Client, threadId: string): Promise<string> {
  const { request } = await client.request("GET /threads/{threadId}", { path: { threadId } });
  if (request === null) throw new Error(`thread ${threadId} asks nothing`);
  return request.requestId;
}

/** What was launched or answered is still being worked on: that is not what a page costs. */
async function untilIdle(client: Client): Promise<void> {
  for (;;) {
    const { threads } = await client.request("GET /threads", { query: { status: "running", limit: 1 } });
    if (threads.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
