import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, it } from "vitest";
import { StorageError } from "../../src/base/errors.ts";
import { requestIdOf, type ThreadId } from "../../src/base/ids.ts";
import type { Channel } from "../../src/humans/channel.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import type { HumanDecision } from "../../src/thread/events.ts";
import { projectionOf } from "../../src/thread/projection.ts";
import { threadOf } from "../../src/thread/thread.ts";
import { testInbox } from "../inbox/inbox-server.ts";
import { serve } from "../server/serve.ts";
import { temporaryStore } from "../store/temporary.ts";
import { type FamilyStep, familyMember, type MemberOptions } from "./family-agents.ts";
import { ada, approvalOf, bob, eventsOf, testRuntime } from "./harness.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const hand = (to: string): FamilyStep => ({ intent: "hand", task: "pay it", to });
const pay: FamilyStep = { intent: "pay", amount: 5 };
const done: FamilyStep = { intent: "done", message: "ok" };

/** A boss, for whom a helper works, for whom a payer works, whose first payment must be approved. */
function agents(options: MemberOptions = { payApproval: "always" }) {
  const boss = familyMember("boss", [hand("helper"), done]);
  const helper = familyMember("helper", [hand("payer"), done]);
  const payer = familyMember("payer", [pay, pay, done], options);
  return { all: [boss.agent, helper.agent, payer.agent], payer };
}

/** Their threads, once the payer's asks; nothing runs any more. */
async function asking(store: ThreadStore, family = agents()) {
  const runtime = testRuntime({ agents: family.all, store });
  const { threadId: top } = await runtime.launch({ agent: "boss", input: { message: "go", from: ada } });
  const [request] = await runtime.requestsBelow(await runtime.settled(top));
  if (request === undefined) throw new Error("nobody is asked");
  const middle = request.path[1]?.threadId;
  if (middle === undefined) throw new Error("the way down is missing");
  await runtime.stop();
  return { ...family, top, middle, bottom: request.threadId, request };
}

type Family = Awaited<ReturnType<typeof asking>>;

/** A process that changes threads and advances none. */
const idle = (store: ThreadStore, { all }: Pick<Family, "all">) =>
  testRuntime({ agents: all, store, worker: false });

/** A process that knows only the agent at the bottom. */
const payerOnly = (store: ThreadStore, { payer }: Pick<Family, "payer">) =>
  testRuntime({ agents: [payer.agent], store, sweepMs: 5 });

const approve = (digest: string | null) => ({ decision: { kind: "approved" }, digest }) as const;

async function untilCancelled(runtime: Runtime, threadId: ThreadId): Promise<string | undefined> {
  await expect.poll(async () => (await runtime.get(threadId)).state.status.kind).toBe("cancelled");
  return eventsOf(await runtime.get(threadId), "cancelled")[0]?.data.reason;
}

describe("a request of a thread for which nobody waits any more", { tags: ["F10.4", "F7.3"] }, () => {
  it.each<[string, HumanDecision]>([
    ["approval", { kind: "approved" }],
    ["denial", { kind: "denied", feedback: "no" }],
  ])("takes no %s once a thread above was cancelled, and is closed by it", async (_, decision) => {
    const store = createMemoryStore();
    const family = await asking(store);
    const { top, bottom, request, payer } = family;
    await idle(store, family).cancel(top, bob, "enough");
    const runtime = payerOnly(store, family);
    const answer = runtime.respond(request.id, { decision, digest: request.digest }, bob);
    await expect(answer).rejects.toMatchObject({
      code: "conflict",
      message: `nothing more comes of request ${request.id}: thread ${top}, for which it was asked, was cancelled`,
    });
    expect(eventsOf(await runtime.get(bottom), "cancelled")[0]?.data).toEqual({
      by: { channel: "web", id: "bob", name: "Bob" },
      reason: `thread ${top}, for which it worked, was cancelled`,
    });
    expect([payer.ran, payer.nextStep.remaining]).toEqual([[], 2]);
  });

  it("is asked through no door any more", async () => {
    const store = createMemoryStore();
    const family = await asking(store);
    const { top, bottom, request, all, payer } = family;
    const { call, keys } = serve({ agents: all, store, runtime: { worker: false } });
    const { app, runtime } = testInbox(all, { store, runtime: { worker: false } });
    const page = async (path: string) => {
      const response = await app.request(path);
      return { status: response.status, text: await response.text() };
    };
    expect((await page("/inbox?whose=all")).text).toContain(request.id);
    await runtime.cancel(top, bob, "enough");
    expect((await call("/requests", { as: keys.bob })).body.requests).toEqual([]);
    expect((await page("/inbox?whose=all")).text).not.toContain(request.id);
    expect((await runtime.list({ pending: true })).threads).toEqual([]);
    expect(await runtime.requestsBelow(await runtime.get(top))).toEqual([]);
    const { status, body } = await call(`/requests/${request.id}/response`, {
      body: approve(request.digest),
      as: keys.bob,
    });
    expect([status, body.detail]).toEqual([409, expect.stringContaining("was cancelled")]);
    const card = await page(`/inbox/requests/${request.id}`);
    expect(card.text).toContain(`thread ${top}, for which it worked, was cancelled`);
    await expect(runtime.request(request.id)).rejects.toMatchObject({ code: "conflict" });
    expect([(await runtime.get(bottom)).state.status.kind, payer.ran]).toEqual(["cancelled", []]);
  });

  it("is closed when it is looked at", async () => {
    const store = createMemoryStore();
    const family = await asking(store);
    const { top, bottom, request, all } = family;
    const { app, runtime } = testInbox(all, { store, runtime: { worker: false } });
    await runtime.cancel(top, bob, "enough");
    const card = await (await app.request(`/inbox/requests/${request.id}`)).text();
    expect(card).toContain(`thread ${top}, for which it worked, was cancelled`);
    expect((await runtime.get(bottom)).state.status.kind).toBe("cancelled");
  });
});

describe("a thread for which nobody waits any more", { tags: ["F10.4", "F12.1"] }, () => {
  it("does not do what was approved before", async () => {
    const store = createMemoryStore();
    const family = await asking(store);
    const { top, bottom, request, payer } = family;
    const other = idle(store, family);
    await other.respond(request.id, approve(request.digest), bob);
    await other.cancel(top, bob);
    const runtime = payerOnly(store, family);
    runtime.start();
    expect(await untilCancelled(runtime, bottom)).toContain("was cancelled");
    expect([payer.ran, payer.nextStep.remaining]).toEqual([[], 2]);
  });

  it("ends before its next step if a thread above is cancelled while a tool runs", async () => {
    const store = createMemoryStore();
    const began = Promise.withResolvers<void>();
    const tool = Promise.withResolvers<void>();
    const onPay = () => {
      began.resolve();
      return tool.promise;
    };
    const family = await asking(store, agents({ payApproval: "always", onPay }));
    const { top, bottom, request, payer } = family;
    const runtime = payerOnly(store, family);
    await runtime.respond(request.id, approve(request.digest), bob);
    await began.promise;
    await idle(store, family).cancel(top, bob);
    tool.resolve();
    expect(await untilCancelled(runtime, bottom)).toContain("was cancelled");
    expect([payer.ran.length, payer.nextStep.remaining]).toEqual([1, 2]);
    // What has run is on record.
    expect(eventsOf(await runtime.get(bottom), "tool_finished")).toHaveLength(1);
  });

  it("goes on if it has handed in its outcome and somebody writes to it", async () => {
    const store = createMemoryStore();
    const family = await asking(store);
    const runtime = testRuntime({ agents: family.all, store });
    await runtime.cancel(family.middle, ada);
    await runtime.settled(family.top);
    const { bottom } = family;
    // A payer of its own: nobody has ended it.
    const own = familyMember("payer", [done, pay, done], { payApproval: "always" });
    const boss = familyMember("boss", [hand("payer"), done]);
    const free = testRuntime({ agents: [boss.agent, own.agent], store });
    const { threadId } = await free.launch({ agent: "boss", input: { message: "go", from: ada } });
    const ended = await free.settled(threadId);
    const child = eventsOf(ended, "child_requested")[0]?.data.threadId;
    if (child === undefined) throw new Error("nothing was handed over");
    await free.message(child, "pay once more", ada);
    const { seq, digest } = approvalOf(await free.settled(child));
    await free.respond(requestIdOf(child, seq), approve(digest), bob);
    expect((await free.settled(child)).state.status.kind).toBe("finished");
    expect(own.ran).toHaveLength(1);
    expect((await runtime.get(bottom)).state.status.kind).toBe("cancelled");
  });

  it("is ended at once, although a channel takes long to hear of the cancellation", async () => {
    const store = createMemoryStore();
    const told = Promise.withResolvers<void>();
    const slow: Channel = { name: "desk", deliver: () => told.promise };
    const boss = familyMember("boss", [hand("payer"), done]);
    const payer = familyMember("payer", [pay], { payApproval: "always" });
    // Only the boss's thread comes from the channel that is slow.
    const wants: Channel["wants"] = (notice) => notice.kind === "cancelled";
    const channels = [{ ...slow, wants }];
    const runtime = testRuntime({ agents: [boss.agent, payer.agent], store, channels });
    const via = { channel: "desk", address: "ada" };
    const { threadId } = await runtime.launch({ agent: "boss", input: { message: "go", from: ada }, via });
    const [request] = await runtime.requestsBelow(await runtime.settled(threadId));
    if (request === undefined) throw new Error("nobody is asked");
    await runtime.cancel(threadId, bob);
    expect(await untilCancelled(runtime, request.threadId)).toContain("was cancelled");
    told.resolve();
  });

  it("keeps nobody from hearing of the cancellation, once, though it cannot be ended now", async () => {
    const store = createMemoryStore();
    const clock = fakeClock();
    const told: string[] = [];
    const desk: Channel = {
      name: "desk",
      deliver: async ({ kind }) => void told.push(kind),
      update: async ({ kind }) => void told.push(kind),
    };
    const boss = familyMember(
      "boss",
      [
        { intent: "hand_aside", task: "pay it" },
        { intent: "ask", question: "?" },
      ],
      {
        aside: "payer",
      },
    );
    const payer = familyMember("payer", [pay], { payApproval: "always" });
    const channels = [desk];
    const first = testRuntime({ agents: [boss.agent, payer.agent], store, clock, channels });
    const via = { channel: "desk", address: "ada" };
    const { threadId } = await first.launch({ agent: "boss", input: { message: "go", from: ada }, via });
    await first.settled(threadId);
    await first.stop();
    told.length = 0;
    const broken: ThreadStore = {
      ...store,
      state: async (id) => {
        if (id !== threadId) throw new Error("a bad sector");
        return store.state(id);
      },
    };
    const runtime = testRuntime({ agents: [boss.agent], store: broken, clock, channels });
    runtime.start();
    await runtime.cancel(threadId, bob);
    await clock.advance(60_000);
    expect(told.toSorted()).toEqual(["cancelled", "closed"]);
    expect((await runtime.get(threadId)).state.updates).toEqual([]);
  });
});

/** Changes an event of a thread behind the store's back. Gives what puts it back. */
function damage(path: string, threadId: ThreadId, seq: number): () => void {
  const database = new DatabaseSync(path);
  closers.push(async () => database.close());
  const row = database.prepare("SELECT key FROM threads WHERE id = ?").get(threadId);
  const id = Number(row?.["key"]) * 2 ** 20 + seq;
  const data = database.prepare("SELECT data FROM events WHERE id = ?").get(id)?.["data"];
  const write = (text: string) => database.prepare("UPDATE events SET data = ? WHERE id = ?").run(text, id);
  write("{");
  return () => void write(String(data));
}

describe("a thread that works for one that cannot be read", { tags: ["F10.4", "F12.1"] }, () => {
  it.each(["top", "middle"] as const)("takes no answer and does nothing until it can: %s", async (which) => {
    const temporary = await temporaryStore();
    closers.push(() => temporary.close());
    const family = await asking(temporary.store);
    const { request, bottom, top, payer } = family;
    const last = (await temporary.store.read(family[which])).length;
    const mend = damage(temporary.path, family[which], last);
    const store = await temporary.reopen();
    const runtime = payerOnly(store, family);
    runtime.start();
    const answer = { decision: { kind: "approved" }, digest: request.digest } as const;
    const message = `thread ${family[which]}, for which it was asked, cannot be read`;
    await expect(runtime.respond(request.id, answer, bob)).rejects.toThrow(message);
    await expect(runtime.request(request.id)).rejects.toThrow(message);
    expect((await runtime.get(bottom)).state.status.kind).toBe("awaiting_approval");
    expect(payer.ran).toEqual([]);
    await runtime.stop();
    mend();
    const again = testRuntime({ agents: family.all, store: await temporary.reopen() });
    await again.respond(request.id, answer, bob);
    const next = approvalOf(await again.settled(bottom));
    await again.respond(requestIdOf(bottom, next.seq), approve(next.digest), bob);
    expect((await again.settled(top)).state.status.kind).toBe("finished");
    expect(payer.ran).toHaveLength(2);
  });

  it("is only looked at: what cannot be read for a moment ends nothing", async () => {
    const store = createMemoryStore();
    const family = await asking(store);
    const { top, middle, bottom, request } = family;
    let failures = 2;
    const fail = async <T>(id: ThreadId, work: () => Promise<T>): Promise<T> => {
      if (id !== top || failures-- <= 0) return work();
      throw new StorageError("storage_corrupt", "a bad sector", { details: { threadId: top } });
    };
    const broken: ThreadStore = {
      ...store,
      read: (id, ...more) => fail(id, () => store.read(id, ...more)),
      state: (id) => fail(id, () => store.state(id)),
      verify: (id) => fail(id, () => store.verify(id)),
    };
    const runtime = testRuntime({ agents: family.all, store: broken, worker: false });
    await expect(runtime.request(request.id)).rejects.toMatchObject({ code: "conflict" });
    for (const id of [top, middle, bottom])
      expect(["awaiting_child", "awaiting_approval"]).toContain((await store.state(id)).status.kind);
  });
});

describe("a thread that has handed in its outcome, though that is not on its record yet", {
  tags: ["F10.4", "F12.1"],
}, () => {
  it("goes on if somebody writes to it", async () => {
    const store = createMemoryStore();
    const boss = familyMember("boss", [hand("payer"), done]);
    const payer = familyMember("payer", [done, pay, done], { payApproval: "always" });
    const first = testRuntime({ agents: [boss.agent, payer.agent], store });
    const { threadId } = await first.launch({ agent: "boss", input: { message: "go", from: ada } });
    const ended = await first.settled(threadId);
    const child = eventsOf(ended, "child_requested")[0]?.data.threadId;
    if (child === undefined) throw new Error("nothing was handed over");
    await first.stop();
    // The process died between the two: the last event is not there.
    const events = await store.read(child);
    expect(events.at(-1)?.type).toBe("parent_told");
    const cut = createMemoryStore();
    for (const [id, kept] of [
      [threadId, await store.read(threadId)],
      [child, events.slice(0, -1)],
    ] as const)
      await cut.append(id, 0, kept, { projection: projectionOf(threadOf(id, kept).state) });
    const runtime = testRuntime({ agents: [boss.agent, payer.agent], store: cut });
    await runtime.message(child, "pay once more", ada);
    const { seq, digest } = approvalOf(await runtime.settled(child));
    await runtime.respond(requestIdOf(child, seq), approve(digest), bob);
    expect((await runtime.settled(child)).state.status.kind).toBe("finished");
    expect(payer.ran).toHaveLength(1);
  });
});
