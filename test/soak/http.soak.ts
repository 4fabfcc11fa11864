import { afterAll, describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { createClient, type ThreadEvent } from "../../src/client/index.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { startServer } from "../../src/server/start.ts";
import { finish, tool } from "../../src/steps/steps.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { temporaryStore } from "../store/temporary.ts";

type SoakStep = { intent: "add"; a: number; b: number } | { intent: "done"; message: string };

const THREADS = Number(process.env["SOAK_THREADS"] ?? 200);
const STEPS = 10;

const cleanUps: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

/** Adds `STEPS` times, then is done: the thread itself says how far it is. */
function countingAgent() {
  const none = scriptedSteps<SoakStep>([]);
  return defineAgent(
    {
      ...none,
      async call([rendered]) {
        const done = rendered.split("<add_result").length - 1;
        const step: SoakStep =
          done < STEPS ? { intent: "add", a: done, b: 1 } : { intent: "done", message: "ok" };
        return scriptedSteps<SoakStep>([step]).call([rendered]);
      },
    },
    {
      name: "counter",
      steps: {
        add: tool(({ a, b }) => a + b, { idempotent: true }),
        done: finish(({ message }) => message),
      },
    },
  );
}

describe("under load", () => {
  it("200 threads launched at once over HTTP, a listener on each, and no event is lost", {
    tags: "F6.8",
    timeout: 300_000,
  }, async () => {
    const { store, close } = await temporaryStore();
    cleanUps.push(close);
    const runtime = createRuntime({ agents: [countingAgent()], store });
    const server = await startServer({ runtime, port: 0, limits: { burst: 10 * THREADS } });
    cleanUps.push(() => server.close());
    const client = createClient({ url: server.url, key: server.token });

    const watched = await Promise.all(
      Array.from({ length: THREADS }, async (_, n) => {
        const launched = await client.request("POST /threads", {
          body: { agent: "counter", message: `thread ${n}` },
          idempotencyKey: `soak-${n}`,
        });
        const stop = new AbortController();
        const seen: ThreadEvent[] = [];
        for await (const event of client.watch(launched.threadId, { signal: stop.signal })) {
          seen.push(event);
          if (event.type === "finished") stop.abort();
        }
        return { threadId: launched.threadId, seen };
      }),
    );

    const events = watched.reduce((count, { seen }) => count + seen.length, 0);
    console.log(`${watched.length} threads ended, ${events} events seen by their listeners`);
    expect(new Set(watched.map(({ threadId }) => threadId)).size).toBe(THREADS);
    for (const { threadId, seen } of watched) {
      const { events } = await client.request("GET /threads/{threadId}/events", { path: { threadId } });
      expect(seen).toEqual(events);
      expect(seen.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
      expect(seen.filter(({ type }) => type === "tool_finished")).toHaveLength(STEPS);
    }
  });
});
