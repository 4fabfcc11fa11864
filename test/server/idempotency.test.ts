import { describe, expect, it } from "vitest";
import { sha256 } from "../../src/base/digest.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import { keyFor, serve } from "./serve.ts";

const body = { agent: "example", message: "pay once" };
const headers = { "idempotency-key": "order-1" };

describe("Idempotency-Key", () => {
  it("the same launch again gives the first one's thread and starts nothing", { tags: "F11.6" }, async () => {
    const { call } = serve();
    const first = await call("/threads", { body, headers });
    const again = await call("/threads", { body, headers });
    expect(again.status).toBe(201);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("location")).toBe(first.headers.get("location"));
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect((await call("/threads")).body.threads).toHaveLength(1);
  });

  it("ten at once start one thread", { tags: "F11.6" }, async () => {
    const { call } = serve();
    const all = await Promise.all(Array.from({ length: 10 }, () => call("/threads", { body, headers })));
    expect(new Set(all.map((one) => one.body.threadId)).size).toBe(1);
    expect(all.every(({ status }) => status === 201)).toBe(true);
  });

  it("two servers over one store start one thread", { tags: "F11.6" }, async () => {
    const one = serve();
    const key = one.keys.ada;
    const other = serve({ store: one.store });
    const sent = await Promise.all([
      one.call("/threads", { body, headers, as: key }),
      other.call("/threads", { body, headers }),
    ]);
    expect(new Set(sent.map(({ body: { threadId } }) => threadId)).size).toBe(1);
  });

  it("the same key with another body is refused", { tags: "F11.6" }, async () => {
    const { call } = serve();
    await call("/threads", { body, headers });
    const other = await call("/threads", { body: { ...body, message: "pay twice" }, headers });
    expect([other.status, other.body.detail]).toEqual([422, expect.stringContaining("another request")]);
    expect((await call("/threads", { body, headers: { "idempotency-key": "a b" } })).status).toBe(400);
  });

  it("nobody finds out by trial, from what is kept of the request, what it said", {
    tags: ["F11.6", "F5.10"],
  }, async () => {
    const store = createMemoryStore();
    const kept: string[] = [];
    const watched: ThreadStore = {
      ...store,
      setValue: (name, value, ...rest) => {
        kept.push(name, value);
        return store.setValue(name, value, ...rest);
      },
      append: (id, seq, events, options) => {
        kept.push(options.once ?? "");
        return store.append(id, seq, events, options);
      },
    };
    const { call } = serve({ store: watched });
    expect((await call("/threads", { body, headers })).status).toBe(201);
    expect(kept.join()).toMatch(/http:\w{64}:\w{64}/);
    expect(kept.join()).not.toContain(sha256(`/threads\n${JSON.stringify(body)}`));
  });

  it("a request whose answer 0.1.0 has kept gets it again", { tags: "F11.6" }, async () => {
    const store = createMemoryStore();
    const name = `http:${sha256("web:ada\norder-1")}`;
    const answer = { status: 201, body: `{"threadId":"thr_old"}`, headers: {} };
    const request = sha256(`/threads\n${JSON.stringify(body)}`);
    await store.setValue(name, JSON.stringify({ request, answer }), undefined);
    const again = await serve({ store }).call("/threads", { body, headers });
    expect([again.status, again.body]).toEqual([201, { threadId: "thr_old" }]);
  });

  it("an answer is repeated only to a caller who may still do it", { tags: ["F11.6", "S7"] }, async () => {
    const one = serve();
    await one.call("/threads", { body, headers });
    const { key, configured } = keyFor("ada", ["read"]);
    const other = serve({ store: one.store, server: { auth: { kind: "keys", keys: [configured] } } });
    const again = await other.call("/threads", { body, headers, as: key });
    expect([again.status, again.headers.get("idempotency-replayed")]).toEqual([403, null]);
  });

  it("a server that fails between the launch and its answer starts nothing twice", {
    tags: "F11.6",
  }, async () => {
    const store = createMemoryStore();
    let writes = 0;
    const failing: ThreadStore = {
      ...store,
      setValue: (key, value, expected) => {
        writes += 1;
        if (writes === 2) return Promise.reject(new Error("the disk is full"));
        return store.setValue(key, value, expected);
      },
    };
    const { call, runtime } = serve({ store: failing });
    expect((await call("/threads", { body, headers })).status).toBe(500);
    const again = await call("/threads", { body, headers });
    expect(again.status).toBe(201);
    const { threads } = await runtime.list();
    expect(writes).toBeGreaterThan(2);
    expect(threads.map(({ threadId }) => threadId)).toEqual([again.body.threadId]);
    expect((await call("/threads", { body, headers })).body).toEqual(again.body);
  });

  it("an answer is kept no longer than the thread that it is about", {
    tags: ["F5.10", "F11.6"],
  }, async () => {
    const { call, launch, runtime, store } = serve({
      script: [
        { intent: "done", message: "ok" },
        { intent: "done", message: "ok" },
      ],
    });
    const { threadId } = await launch();
    const kept: string[] = [];
    const watched = store.setValue;
    Reflect.set(store, "setValue", (...args: Parameters<typeof watched>) => {
      kept.push(args[0]);
      return watched(...args);
    });
    const message = { body: { text: "once more" }, headers };
    expect((await call(`/threads/${threadId}/messages`, message)).status).toBe(202);
    await runtime.settled(threadId);
    const [key = ""] = kept;
    expect(await store.getValue(key)).toContain(threadId);
    await runtime.delete(threadId);
    expect(await store.getValue(key)).toBeUndefined();
  });

  it("a fork asked for twice is one fork", { tags: ["F11.6", "F5.4"] }, async () => {
    const { launch, runtime } = serve({ script: [{ intent: "done", message: "ok" }] });
    const { threadId } = await launch();
    const by = verifiedBy("web", "ada");
    const [one, other] = await Promise.all([
      runtime.fork(threadId, 2, by, "fork-1"),
      runtime.fork(threadId, 2, by, "fork-1"),
    ]);
    expect(other.id).toBe(one.id);
    expect((await runtime.list()).threads).toHaveLength(2);
  });

  it("keys of different callers do not meet", { tags: "F11.6" }, async () => {
    const { call, keys } = serve();
    const ada = await call("/threads", { body, headers });
    const bob = await call("/threads", { body: { ...body, message: "mine" }, headers, as: keys.bob });
    expect(bob.status).toBe(201);
    expect(bob.body.threadId).not.toBe(ada.body.threadId);
  });

  it("a refused request may be corrected and sent again under its key", { tags: "F11.6" }, async () => {
    const { call } = serve();
    const wrong = { agent: "nobody", message: "x" };
    expect((await call("/threads", { body: wrong, headers })).status).toBe(404);
    expect((await call("/threads", { body: wrong, headers })).status).toBe(404);
    expect((await call("/threads", { body: { ...body, message: 5 }, headers })).status).toBe(422);
    const sent = await Promise.all([1, 2].map(() => call("/threads", { body, headers })));
    expect(sent.map(({ status }) => status)).toEqual([201, 201]);
    expect(new Set(sent.map((one) => one.body.threadId)).size).toBe(1);
    const other = await call("/threads", { body: wrong, headers });
    expect([other.status, other.body.detail]).toEqual([422, expect.stringContaining("another request")]);
    expect((await call("/threads")).body.threads).toHaveLength(1);
  });

  it("after a week the same request still does nothing twice, and another one is its own", {
    tags: "F11.6",
  }, async () => {
    const store = createMemoryStore();
    const { call } = serve({ store });
    const first = await call("/threads", { body, headers });
    await store.forgetValues(Number.MAX_SAFE_INTEGER);
    expect((await call("/threads", { body, headers })).body.threadId).toBe(first.body.threadId);
    await store.forgetValues(Number.MAX_SAFE_INTEGER);
    const other = await call("/threads", { body: { ...body, message: "pay another" }, headers });
    expect(other.status).toBe(201);
    expect(other.body.threadId).not.toBe(first.body.threadId);
  });

  it("a response and a message sent twice act once", { tags: "F11.6" }, async () => {
    const { call, launch, runtime } = serve({
      script: [
        { intent: "divide", a: 4, b: 2 },
        { intent: "done", message: "2" },
        { intent: "done", message: "again" },
      ],
    });
    const { threadId } = await launch();
    const { requestId, approval } = (await call("/requests")).body.requests[0];
    const decision = { decision: { kind: "approved" }, digest: approval.digest };
    const path = `/requests/${requestId}/response`;
    const first = await call(path, { body: decision, headers });
    await runtime.settled(threadId);
    const again = await call(path, { body: decision, headers });
    expect([again.status, again.body]).toEqual([202, first.body]);
    const message = { body: { text: "more" }, headers: { "idempotency-key": "m1" } };
    await call(`/threads/${threadId}/messages`, message);
    await call(`/threads/${threadId}/messages`, message);
    const { events } = await runtime.settled(threadId);
    expect(events.filter(({ type }) => type === "message_received")).toHaveLength(2);
    expect(events.filter(({ type }) => type === "human_responded")).toHaveLength(1);
  });
});
