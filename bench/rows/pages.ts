import { gzipSync } from "node:zlib";
import { serverInbox } from "../../src/inbox/index.ts";
import { createRuntime, defineAgent, finish, systemClock, tool, verifiedBy } from "../../src/index.ts";
import { createServer } from "../../src/server/index.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import type { Compared } from "../measured.ts";
import { timed } from "../timed.ts";
import type { BenchRow } from "./bench-row.ts";

type PageStep =
  | { intent: "look_up"; order: string }
  | { intent: "refund"; order: string; amount: number }
  | { intent: "done"; message: string };

const STEPS = 26;
const TOKEN = "t".repeat(40);

/** Looks up so often, then wants a refund approved. */
function shop() {
  const lookUps = Array.from({ length: STEPS }, (_, n): PageStep => ({ intent: "look_up", order: `A-${n}` }));
  return defineAgent(scriptedSteps<PageStep>([...lookUps, { intent: "refund", order: "A-1", amount: 640 }]), {
    name: "shop",
    budget: { steps: 100 },
    context: { redact: {} },
    steps: {
      look_up: tool(
        ({ order }) => ({ order, total: 89.9, customer: { name: "J. Miller", city: "Vienna" } }),
        {
          readOnly: true,
        },
      ),
      refund: tool(() => "done", { approval: "always", emphasis: ["amount"] }),
      done: finish(({ message }) => message),
    },
  });
}

/** What each page of the inbox weighs, and how long the server works on it; of a thread of 27 steps whose secrets are hidden. */
export const pages: BenchRow = async ({ quick, tick }) => {
  const runtime = createRuntime({ agents: [shop()], store: createMemoryStore() });
  const inbox = serverInbox({ runtime, clock: systemClock });
  const { app, streams } = createServer({
    runtime,
    limits: { requestsPerSecond: 1e9, burst: 1e9 },
    auth: { kind: "local", token: TOKEN, principal: { id: "ada" } },
    ...inbox,
  });
  const headers = { authorization: `Bearer ${TOKEN}`, accept: "text/html" };
  const get = async (path: string) => {
    const response = await app.request(path, { headers });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response.text();
  };
  const from = verifiedBy("web", "eve");
  const { threadId } = await runtime.launch({ agent: "shop", input: { message: "Where is it?", from } });
  const { state } = await runtime.settled(threadId);
  const rows: Compared[] = [];
  try {
    let assets = 0;
    for (const file of ["inbox.css", "inbox.js", "htmx.js", "htmx-sse.js"]) {
      assets += gzipSync(await get(`/inbox/assets/${file}`)).length;
    }
    rows.push({
      what: "inbox, style sheet and scripts (compressed, loaded once)",
      ours: assets / 1024,
      hand: null,
      unit: "KB",
      budget: { atMost: 60 },
    });
    for (const [what, path] of [
      ["list of requests", "/inbox"],
      ["a request", `/inbox/requests/${threadId}.${state.request?.seq}`],
      ["list of threads", "/inbox/threads"],
      ["a thread of 27 steps", `/inbox/threads/${threadId}`],
      ["figures", "/inbox/figures"],
    ] as const) {
      tick(`inbox page, ${what}`);
      const html = await get(path);
      const weight = { what: `inbox page, ${what} (compressed)`, ours: gzipSync(html).length / 1024 };
      rows.push({ ...weight, hand: null, unit: "KB", budget: { atMost: 20 } });
      const { p50 } = await timed(quick ? 50 : 300, 1, () => get(path));
      const time = { what: `inbox page, ${what}, server time, median`, ours: p50 };
      rows.push({ ...time, hand: null, unit: "ms", budget: { atMost: 20 } });
    }
    return rows;
  } finally {
    streams.close();
    await runtime.stop();
  }
};
