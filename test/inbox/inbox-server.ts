import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { getCookie } from "hono/cookie";
import type { Agent } from "../../src/agent/agent.ts";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import type { ThreadId } from "../../src/base/ids.ts";
import type { People } from "../../src/humans/people.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { inboxAssets } from "../../src/inbox/assets.ts";
import type { InboxDeps } from "../../src/inbox/deps.ts";
import { inboxRoutes } from "../../src/inbox/inbox-routes.tsx";
import type { ModelChoice } from "../../src/prompts/types.ts";
import { createRuntime, type Runtime, type RuntimeOptions } from "../../src/runtime/runtime.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import type { Thread } from "../../src/thread/thread.ts";

export const ada = verifiedBy("web", "ada", "Ada");
export const bob = verifiedBy("web", "bob", "Bob");
export const carol = verifiedBy("web", "carol", "Carol");
export const dan = verifiedBy("web", "dan", "Dan");
export const eve = verifiedBy("web", "eve", "Eve");
const PEOPLE = new Map([ada, bob, carol, dan, eve].map((person) => [person.id, person]));
export const TOKEN = "token-of-this-session";

export interface TestInbox {
  readonly app: Hono;
  readonly runtime: Runtime;
}

/** The inbox over a real runtime; who looks is named by the cookie `person`, default Ada. */
export function testInbox(
  agents: readonly Agent[],
  options: {
    clock?: Clock;
    model?: ModelChoice;
    people?: People;
    deps?: Partial<InboxDeps>;
    store?: ThreadStore;
    runtime?: Partial<RuntimeOptions>;
  } = {},
): TestInbox {
  const { clock = systemClock, model, people = {}, store = createMemoryStore() } = options;
  const chosen = model === undefined ? {} : { model };
  const runtime = createRuntime({
    agents,
    store,
    clock,
    people,
    stream: true,
    ...chosen,
    ...options.runtime,
  });
  const app = new Hono();
  app.route("/", inboxAssets());
  app.route(
    "/",
    inboxRoutes({
      runtime,
      clock,
      principal: (c) => PEOPLE.get(getCookie(c, "person") ?? "ada"),
      csrfToken: () => TOKEN,
      checkCsrf: (_, token) => token === TOKEN,
      ...chosen,
      ...options.deps,
    }),
  );
  return { app, runtime };
}

/** Listens on loopback, on a free port. */
export async function listening(app: Hono): Promise<{ readonly url: string; close(): Promise<void> }> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, ({ port }) => resolve(port));
  const port = await promise;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        if ("closeAllConnections" in server) server.closeAllConnections();
      }),
  };
}

/** The thread once it waits or has ended. Unlike `runtime.settled` it needs no clock that moves. */
export async function settled(runtime: Runtime, threadId: ThreadId): Promise<Thread> {
  for (;;) {
    const thread = await runtime.get(threadId);
    if (thread.state.status.kind !== "running") return thread;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
