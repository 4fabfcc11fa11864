import { describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import { tool } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { serve } from "./serve.ts";

const FINISH = { intent: "done", message: "there" } as const;
const approvalScript = [
  { intent: "divide", a: 12, b: 2 },
  { intent: "done", message: "6" },
] as const;

describe("threads over HTTP", () => {
  it("launches with one call and answers at once while the work goes on", {
    tags: ["F6.1", "F6.8"],
  }, async () => {
    const paid = Promise.withResolvers<string>();
    const { call, runtime } = serve({
      script: [
        { intent: "pay", amount: 5, to: "bob" },
        { intent: "done", message: "paid" },
      ],
      effects: { payments: [], pay: () => paid.promise },
    });
    const launched = await call("/threads", { body: { agent: "example", message: "pay bob" } });
    expect(launched.status).toBe(201);
    expect(launched.body.created).toBe(true);
    expect(launched.headers.get("location")).toBe(`/threads/${launched.body.threadId}`);
    const shown = await call(`/threads/${launched.body.threadId}`);
    expect(shown.body.status.kind).toBe("running");
    paid.resolve("ok");
    const [summary] = (await runtime.list()).threads;
    if (summary === undefined) throw new Error("not listed");
    const done = await runtime.settled(summary.threadId);
    expect(done.state.status).toEqual({ kind: "finished", result: "paid" });
  });

  it("refuses what a query asks for and the route does not know, naming what it does", {
    tags: "F6.2",
  }, async () => {
    const { call, runtime } = serve({ script: [FINISH] });
    const { body } = await call("/threads", { body: { agent: "example", message: "go" } });
    const misspelt = await call("/threads?stauts=running&limit=2");
    expect([misspelt.status, misspelt.body.detail]).toEqual([
      400,
      'unknown in the query: "stauts"; known: agent, status, pending, search, limit, cursor',
    ]);
    expect(misspelt.body.details).toMatchObject({ in: "query", unknown: ["stauts"] });
    const one = `/threads/${body.threadId}`;
    for (const path of ["/requests?whose=me", `${one}/export?as=json&pretty=1`, `${one}/graph?format=svg`])
      expect((await call(path)).status).toBe(400);
    expect((await call(`${one}?after=3`)).body.detail).toBe('unknown in the query: "after"; this takes none');
    const stream = await call(`${one}/events?since=3`, { headers: { accept: "text/event-stream" } });
    expect(stream.status).toBe(400);
    const before = (await runtime.list()).threads.length;
    expect((await call("/threads?once=1", { body: { agent: "example", message: "go" } })).status).toBe(400);
    expect((await runtime.list()).threads).toHaveLength(before);
    for (const path of ["/threads?status=running&status=finished&limit=2", `${one}/events?after=1&limit=1`])
      expect((await call(path)).status).toBe(200);
  });

  it("status, events and pending requests can be asked for", { tags: "F6.2" }, async () => {
    const { call, launch } = serve({ script: approvalScript });
    const { threadId, thread } = await launch("divide");
    const shown = await call(`/threads/${threadId}`);
    expect(shown.body).toMatchObject({
      threadId,
      agent: "example",
      status: { kind: "awaiting_approval" },
      request: { type: "approval", accepts: ["approved", "denied"] },
    });
    const events = await call(`/threads/${threadId}/events`);
    expect(events.body.events).toEqual(JSON.parse(JSON.stringify(thread.events)));
    const page = await call(`/threads/${threadId}/events?after=1&limit=1`);
    expect(page.body.events.map((event: { seq: number }) => event.seq)).toEqual([2]);
    expect(page.body.next).toBe(2);
    const requests = await call("/requests");
    expect(requests.body.requests).toHaveLength(1);
    expect(requests.body.requests[0].approval.card.arguments).toEqual({ a: 12, b: 2 });
    const one = await call(`/requests/${requests.body.requests[0].requestId}`);
    expect(one.body).toEqual(requests.body.requests[0]);
  });

  it("a list shows every thread but the one whose row is damaged, and names that one", {
    tags: "F6.2",
  }, async () => {
    const store = createMemoryStore();
    const { call } = serve({
      store: {
        ...store,
        list: async (filter) => ({
          ...(await store.list(filter)),
          unreadable: [{ threadId: "thr_bad", problem: "the column status should hold a status" }],
        }),
      },
    });
    await call("/threads", { body: { agent: "example", message: "go" } });
    const { status, body } = await call("/threads");
    expect(status).toBe(200);
    expect(body.threads).toHaveLength(1);
    expect(body.unreadable).toEqual([{ threadId: "thr_bad", problem: expect.stringContaining("status") }]);
  });

  it("pages go through all threads without doubling any", { tags: "F6.2" }, async () => {
    const { call } = serve({ script: [] });
    for (let n = 0; n < 7; n++) await call("/threads", { body: { agent: "example", message: `m${n}` } });
    const seen = new Set<string>();
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const { body } = await call(`/threads?limit=3${query}`);
      for (const thread of body.threads) seen.add(thread.threadId);
      cursor = body.next;
    } while (cursor !== null);
    expect(seen.size).toBe(7);
    const two = await call("/threads?status=running&status=awaiting_human&agent=example");
    expect(two.status).toBe(200);
  });

  it("an approval names the version of the card; the thread then goes on", { tags: "F7.6" }, async () => {
    const { call, launch, runtime } = serve({ script: approvalScript });
    const { threadId } = await launch();
    const { body } = await call("/requests");
    const { requestId, approval } = body.requests[0];
    const path = `/requests/${requestId}/response`;
    const without = await call(path, { body: { decision: { kind: "approved" } } });
    expect([without.status, without.body.detail]).toEqual([
      409,
      expect.stringContaining("digest is missing"),
    ]);
    const other = await call(path, { body: { decision: { kind: "approved" }, digest: "00" } });
    expect(other.status).toBe(409);
    const approved = await call(path, { body: { decision: { kind: "approved" }, digest: approval.digest } });
    expect(approved.status).toBe(202);
    expect(approved.body.threadId).toBe(threadId);
    const done = await runtime.settled(threadId);
    expect(done.state.status).toEqual({ kind: "finished", result: "6" });
    const again = await call(path, { body: { decision: { kind: "approved" }, digest: approval.digest } });
    expect(again.status).toBe(409);
    expect(done.events.find((event) => event.type === "human_responded")?.data).toMatchObject({
      by: { channel: "web", id: "ada" },
      decision: { kind: "approved" },
    });
  });

  it("a thread is paused, resumed and cancelled", { tags: ["F6.3", "F6.5", "F6.4"] }, async () => {
    const { call, launch, runtime } = serve({
      script: [{ intent: "nap", seconds: 1000 }],
    });
    const { threadId } = await launch();
    expect((await call(`/threads/${threadId}/pause`, { body: { reason: "lunch" } })).body.status).toBe(
      "paused",
    );
    const twice = await call(`/threads/${threadId}/pause`, { body: {} });
    expect(twice.status).toBe(409);
    expect((await call(`/threads/${threadId}/resume`, { method: "POST" })).body.status).toBe("awaiting_time");
    expect((await call(`/threads/${threadId}/cancel`, { body: {} })).body.status).toBe("cancelled");
    const thread = await runtime.get(threadId);
    expect(thread.events.find((event) => event.type === "paused")?.data).toMatchObject({
      by: { channel: "web", id: "ada" },
      reason: "lunch",
    });
  });

  it("cancelling aborts a model call and a tool that are under way", { tags: "F6.4" }, async () => {
    const asked = Promise.withResolvers<AbortSignal>();
    const ran = Promise.withResolvers<AbortSignal>();
    const waits = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const script = scriptedSteps<{ intent: "work"; n: number }>([{ intent: "work", n: 1 }]);
    let calls = 0;
    const agent = defineAgent(
      {
        ...script,
        call(args, options) {
          calls += 1;
          if (calls > 1) return script.call(args, options);
          const signal = options?.signal ?? new AbortController().signal;
          asked.resolve(signal);
          return waits(signal);
        },
      },
      {
        name: "example",
        steps: {
          work: tool((_, { signal }) => {
            ran.resolve(signal);
            return waits(signal);
          }),
        },
      },
    );
    const { call, runtime } = serve({ agents: [agent] });
    const launch = async () =>
      (await call("/threads", { body: { agent: "example", message: "x" } })).body.threadId;
    const inModel = await launch();
    const modelSignal = await asked.promise;
    expect(modelSignal.aborted).toBe(false);
    expect((await call(`/threads/${inModel}/cancel`, { body: {} })).body.status).toBe("cancelled");
    expect(modelSignal.aborted).toBe(true);
    const inTool = await launch();
    const toolSignal = await ran.promise;
    expect((await call(`/threads/${inTool}/cancel`, { body: {} })).body.status).toBe("cancelled");
    expect(toolSignal.aborted).toBe(true);
    expect((await runtime.list({ status: ["cancelled"] })).threads).toHaveLength(2);
  });

  it("a finished thread takes a further message and goes on", { tags: "F6.11" }, async () => {
    const { call, launch, runtime } = serve({
      script: [
        { intent: "done", message: "one" },
        { intent: "done", message: "two" },
      ],
    });
    const { threadId } = await launch();
    const sent = await call(`/threads/${threadId}/messages`, { body: { text: "and now?" } });
    expect(sent.status).toBe(202);
    expect((await runtime.settled(threadId)).state.status).toEqual({ kind: "finished", result: "two" });
  });

  it("a message that arrives while an approval is pending is kept and reaches the model", {
    tags: "F6.12",
  }, async () => {
    const { call, launch, runtime, nextStep } = serve({ script: approvalScript });
    const { threadId, thread } = await launch();
    await call(`/threads/${threadId}/messages`, { body: { text: "please hurry" } });
    const { request } = (await runtime.settled(threadId)).state;
    if (request?.type !== "approval" || thread.state.request?.type !== "approval")
      throw new Error("no approval");
    const old = { decision: { kind: "approved" }, digest: thread.state.request.digest };
    const late = await call(`/requests/${requestIdOf(threadId, thread.state.request.seq)}/response`, {
      body: old,
    });
    expect([late.status, late.body.detail]).toEqual([409, expect.stringContaining("is pending")]);
    const shown = await call(`/requests/${requestIdOf(threadId, request.seq)}`);
    expect(shown.body.approval.card.newer.latest).toMatchObject([{ text: "please hurry" }]);
    await call(`/requests/${requestIdOf(threadId, request.seq)}/response`, {
      body: { decision: { kind: "approved" }, digest: request.digest },
    });
    await runtime.settled(threadId);
    expect(nextStep.prompts[1]).toContain("please hurry");
  });

  it("what cannot be done is refused with what would be accepted", { tags: "F6.10" }, async () => {
    const { call, launch } = serve({ script: [{ intent: "ask", message: "which one?" }] });
    const { threadId } = await launch();
    const unknown = await call("/threads/thr_nothere");
    expect(unknown.status).toBe(404);
    expect(unknown.headers.get("content-type")).toBe("application/problem+json");
    expect((await call("/threads/x!")).status).toBe(404);
    expect((await call("/requests/nonsense")).status).toBe(404);
    expect((await call(`/requests/${threadId}.1`)).status).toBe(409);
    const agent = await call("/threads", { body: { agent: "nobody", message: "x" } });
    expect([agent.status, agent.body.detail]).toEqual([404, expect.stringContaining("known: example")]);
    const neither = await call("/threads", { body: { agent: "example" } });
    expect([neither.status, neither.body.detail]).toEqual([
      422,
      expect.stringContaining("message or an event"),
    ]);
    const { body } = await call("/requests");
    const { requestId } = body.requests[0];
    const wrongKind = await call(`/requests/${requestId}/response`, {
      body: { decision: { kind: "approved" } },
    });
    expect([wrongKind.status, wrongKind.body.detail]).toEqual([422, expect.stringContaining("answered")]);
    const noKind = await call(`/requests/${requestId}/response`, { body: { decision: { kind: "maybe" } } });
    expect([noKind.status, noKind.body.details.errors[0].path]).toEqual([422, "decision.kind"]);
    const page = await call("/threads?cursor=nonsense");
    expect(page.status).toBe(422);
    expect((await call("/nowhere")).status).toBe(404);
  });

  it("a body that is not JSON, has another type or is too large is refused", { tags: "F6.10" }, async () => {
    const { app, keys, call } = serve({ server: { limits: { bodyBytes: 1000 } } });
    const post = (body: string, type: string) =>
      app.request("/threads", {
        method: "POST",
        headers: { authorization: `Bearer ${keys.ada}`, "content-type": type },
        body,
      });
    expect((await post("{", "application/json")).status).toBe(400);
    expect((await post("{}", "text/plain")).status).toBeGreaterThanOrEqual(400);
    const large = await call("/threads", { body: { agent: "example", message: "x".repeat(2000) } });
    expect(large.status).toBe(413);
    expect((await call("/threads")).body.threads).toEqual([]);
  });

  it("a body that would take long to read is refused by what is too much of it", {
    tags: ["F6.10", "S9"],
  }, async () => {
    const { app, keys, call, runtime } = serve({ server: { limits: { bodyValues: 100 } } });
    const post = (payload: string) =>
      app.request("/threads", {
        method: "POST",
        headers: { authorization: `Bearer ${keys.ada}`, "content-type": "application/json" },
        body: `{"agent":"example","event":{"name":"e","payload":${payload}}}`,
      });
    const refused = {
      "a body holds at most 100 values": [`[${"1,".repeat(200)}1]`, `[${"{},".repeat(60)}{}]`],
      "a number in a body has at most 1000 characters": [`1${"0".repeat(1_000_000)}`],
    };
    for (const [detail, payloads] of Object.entries(refused)) {
      for (const payload of payloads) {
        const response = await post(payload);
        expect([response.status, await response.json()]).toMatchObject([413, { detail }]);
      }
    }
    expect((await runtime.list()).threads).toEqual([]);
    const text = "a, [b], {c}: ".repeat(1_000);
    expect((await call("/threads", { body: { agent: "example", message: text } })).status).toBe(201);
  });

  it("a key that holds an escape is stored as it was sent, whatever was sent before", {
    tags: "F3.12",
  }, async () => {
    const { call, runtime } = serve({ script: [FINISH, FINISH] });
    // The platform's own parser takes the second key for the one that it met before at that place.
    for (const key of ["\\", "\n"]) {
      const payload = { first: 1, [key]: 2 };
      const { body } = await call("/threads", {
        body: { agent: "example", event: { name: "order", payload } },
      });
      const thread = await runtime.settled(body.threadId);
      expect(JSON.stringify(thread.events)).toContain(JSON.stringify({ first: 1, [key]: 2 }));
    }
  });

  it("a thread is forked at an event; the copy is paused", { tags: "F5.4" }, async () => {
    const { call, launch } = serve({ script: approvalScript });
    const { threadId, thread } = await launch();
    const forked = await call(`/threads/${threadId}/fork`, { body: { seq: 3 } });
    expect([forked.status, forked.body.status]).toEqual([201, "paused"]);
    expect(forked.body.threadId).not.toBe(threadId);
    const beyond = await call(`/threads/${threadId}/fork`, { body: { seq: 300 } });
    expect([beyond.status, beyond.body.detail]).toEqual([
      422,
      expect.stringContaining(`1 to ${thread.state.seq}`),
    ]);
  });

  it("events are left out of the context by who may launch, once", { tags: "F3.18" }, async () => {
    const { call, launch, runtime, keys } = serve({ script: [{ intent: "add", a: 1, b: 2 }, FINISH] });
    const { threadId, thread } = await launch();
    const path = `/threads/${threadId}/leave-out`;
    expect((await call(path, { body: { seqs: [3] }, as: keys.reader })).status).toBe(403);
    const body = { seqs: [3], reason: "not theirs" };
    const once = { body, headers: { "idempotency-key": "k" } };
    const [first, again] = [await call(path, once), await call(path, once)];
    expect([first.status, first.body.seq]).toEqual([200, thread.state.seq + 1]);
    expect(again.body).toEqual(first.body);
    const { events } = await runtime.get(thread.id);
    expect(events.at(-1)).toMatchObject({
      type: "events_left_out",
      data: { seqs: [3, 4, 5], by: { channel: "web", id: "ada" }, reason: "not theirs" },
    });
    expect((await call(path, { body })).body.detail).toContain("reads the events 2, 6");
    for (const seqs of [[], [1], [99], ["3"]])
      expect((await call(path, { body: { seqs } })).status).toBe(422);
  });
});
