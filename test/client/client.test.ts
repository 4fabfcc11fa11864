import { readFileSync } from "node:fs";
import { describe, expect, expectTypeOf, it } from "vitest";
import { clientTypes } from "../../scripts/generate-client.ts";
import {
  ApiError,
  createClient,
  type Operations,
  type RequestOf,
  type ThreadEvent,
} from "../../src/client/index.ts";
import type { ThreadEvent as StoredThreadEvent } from "../../src/index.ts";
import { startServer } from "../../src/server/start.ts";
import { afterwards, keyFor, serve } from "../server/serve.ts";

async function started(script: NonNullable<Parameters<typeof serve>[0]>["script"] = []) {
  const { runtime, call } = serve({ script });
  const { key, configured } = keyFor("ada");
  const server = await startServer({ runtime, port: 0, auth: { kind: "keys", keys: [configured] } });
  afterwards(() => server.close());
  return { client: createClient({ url: server.url, key }), url: server.url, key, runtime, call };
}

describe("the HTTP API's description and its client", () => {
  it("the description holds every route, with what it takes and answers", { tags: "E7" }, async () => {
    const { call } = serve();
    const { body } = await call("/openapi.json");
    expect(body.openapi).toBe("3.1.0");
    expect(Object.keys(body.paths).sort()).toEqual([
      "/events",
      "/jobs/{token}",
      "/requests",
      "/requests/{requestId}",
      "/requests/{requestId}/response",
      "/threads",
      "/threads/prune",
      "/threads/{threadId}",
      "/threads/{threadId}/cancel",
      "/threads/{threadId}/erase",
      "/threads/{threadId}/events",
      "/threads/{threadId}/export",
      "/threads/{threadId}/fork",
      "/threads/{threadId}/graph",
      "/threads/{threadId}/leave-out",
      "/threads/{threadId}/messages",
      "/threads/{threadId}/pause",
      "/threads/{threadId}/resume",
      "/threads/{threadId}/reveal",
      "/webhooks/{channel}",
    ]);
    expect(Object.keys(body.paths["/threads"].post.responses)).toContain("422");
    expect(body.components.securitySchemes.key).toEqual({ type: "http", scheme: "bearer" });
    for (const reference of JSON.stringify(body).matchAll(/#\/components\/schemas\/(\w+)/g)) {
      expect(body.components.schemas).toHaveProperty(reference[1] ?? "");
    }
  });

  it("the docs page needs nothing from elsewhere", { tags: "E7" }, async () => {
    const { send } = serve();
    const page = await (await send("/docs")).text();
    expect(page).toContain("POST /threads");
    expect(page).toMatch(/search[\s\S]*Words that the thread/);
    expect(page).not.toMatch(/<script|src=|https?:\/\//);
  });

  it("the client's types are those of the server as it is", { tags: "E7" }, async () => {
    const { call } = serve();
    const fresh = clientTypes((await call("/openapi.json")).body);
    const file = readFileSync(new URL("../../src/client/operations.ts", import.meta.url), "utf8");
    const plain = (text: string) => text.replace(/[\s|;(),]/g, "");
    expect(plain(file), "run: npx tsx scripts/generate-client.ts").toBe(plain(fresh));
    // What may be absent is said where it stands, not of a type that others name.
    expect(file).not.toMatch(/^export type \w+ = \{.*\} \| null;$/m);
  });

  it("launches, watches, answers and reads with typed requests", { tags: "E7" }, async () => {
    const { client } = await started([
      { intent: "divide", a: 12, b: 2 },
      { intent: "done", message: "6" },
    ]);
    const launch = { body: { agent: "example", message: "12 / 2" }, idempotencyKey: "once" };
    const { threadId } = await client.request("POST /threads", launch);
    expect(await client.request("POST /threads", launch)).toEqual({ threadId, created: true });
    const stop = new AbortController();
    const seen: ThreadEvent[] = [];
    for await (const event of client.watch(threadId, { signal: stop.signal })) {
      seen.push(event);
      if (event.type === "approval_requested") {
        const { requests } = await client.request("GET /requests", { query: { limit: 10 } });
        const [request] = requests;
        if (request?.approval == null) throw new Error("no approval");
        await client.request("POST /requests/{requestId}/response", {
          path: { requestId: request.requestId },
          body: { decision: { kind: "approved" }, digest: request.approval.digest },
        });
      }
      if (event.type === "finished") stop.abort();
    }
    const { events } = await client.request("GET /threads/{threadId}/events", { path: { threadId } });
    expect(seen).toEqual(events);
    const mermaid = await client.request("GET /threads/{threadId}/graph", { path: { threadId } });
    expect(mermaid).toContain("flowchart");
    const file = await client.request("GET /threads/{threadId}/export", {
      path: { threadId },
      query: { as: "json" },
    });
    expect(JSON.parse(file)).toEqual({ threadId, events });
    const { threads } = await client.request("GET /threads", { query: { status: ["finished", "failed"] } });
    expect(threads.map((thread) => thread.threadId)).toEqual([threadId]);
  });

  it("a refusal is an error that says what would be accepted", { tags: ["E7", "F6.10"] }, async () => {
    const { client, url } = await started();
    const refused = client.request("POST /threads", { body: { agent: "nobody", message: "x" } });
    await expect(refused).rejects.toThrow("known: example");
    const error = await refused.catch((thrown: unknown) => thrown);
    if (!(error instanceof ApiError)) throw new Error("not an ApiError");
    expect([error.status, error.code, error.details]).toEqual([404, "not_found", { agent: "nobody" }]);
    await expect(createClient({ url, key: "tf_wrong" }).request("GET /threads", {})).rejects.toMatchObject({
      status: 401,
    });
    const nowhere = client.watch("thr_nowhere").next();
    await expect(nowhere).rejects.toMatchObject({ status: 404 });
  });

  it("a watch goes on after refusals that pass: a proxy without a server, too many requests", {
    tags: ["E7", "F6.8"],
  }, async () => {
    const { url, key } = await started([{ intent: "done", message: "6" }]);
    const passing = [502, 429, 503];
    const client = createClient({
      url,
      key,
      async fetch(address, init) {
        const status = String(address).endsWith("/events") ? passing.shift() : undefined;
        if (status === undefined) return fetch(address, init);
        return new Response("<html>", { status, headers: { "retry-after": "0" } });
      },
    });
    const { threadId } = await client.request("POST /threads", { body: { agent: "example", message: "x" } });
    const seen: string[] = [];
    for await (const { type } of client.watch(threadId)) {
      seen.push(type);
      if (type === "finished") break;
    }
    expect(seen).toEqual(["thread_started", "message_received", "step_proposed", "finished"]);
    expect(passing).toEqual([]);
  });

  it("a server that is mounted under a path is reached there", { tags: "E7" }, async () => {
    const asked: string[] = [];
    const send: typeof fetch = async (address) => {
      asked.push(String(address));
      return Response.json({ threads: [], next: null });
    };
    for (const url of ["https://example.com/agents", "https://example.com/agents/"]) {
      await createClient({ url, fetch: send }).request("GET /threads", { query: { limit: 5 } });
    }
    const address = "https://example.com/agents/threads?limit=5";
    expect(asked).toEqual([address, address]);
  });

  it("what does not fit does not compile", { tags: "E7" }, () => {
    expectTypeOf<RequestOf<"POST /threads">["body"]>().toEqualTypeOf<Operations["POST /threads"]["body"]>();
    expectTypeOf<Operations["GET /threads/{threadId}"]["answer"]["status"]["kind"]>().toExtend<string>();
    expectTypeOf<ThreadEvent>().toEqualTypeOf<StoredThreadEvent>();
    const questionIn = (event: ThreadEvent) =>
      event.type === "human_asked" ? event.data.question : undefined;
    expectTypeOf(questionIn).returns.toEqualTypeOf<string | undefined>();
    // @ts-expect-error a launch names its agent
    const noAgent: RequestOf<"POST /threads"> = { body: { message: "x" } };
    // @ts-expect-error the path is needed
    const noPath: RequestOf<"GET /threads/{threadId}"> = {};
    expect([noAgent, noPath]).toHaveLength(2);
  });
});
