import { describe, expect, it } from "vitest";
import type { ThreadId } from "../../src/base/ids.ts";
import type { Notice } from "../../src/humans/channel.ts";
import type { Launch } from "../../src/runtime/changes.ts";
import { createRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import { type FakeClock, fakeClock } from "../../src/testing/fake-clock.ts";
import { type FullStep, fullAgent } from "../runtime/full-agent.ts";
import { ada, bob, eventsOf, testRuntime } from "../runtime/harness.ts";
import { temporaryStore } from "../store/temporary.ts";

const via = { channel: "mail", address: "<order-7@shop.example>" };
const tell: FullStep = { intent: "tell", message: "half of it is done" };
const done: FullStep = { intent: "done", message: "all of it" };
const nothing: FullStep = { intent: "nothing" };

function inbox(deliver: (notice: Notice, nth: number) => Promise<void> = async () => {}) {
  const told: Notice[] = [];
  const channel = {
    name: "mail",
    deliver: async (notice: Notice) => {
      told.push(notice);
      await deliver(notice, told.length);
    },
  };
  return { channel, told };
}

function office(
  script: readonly FullStep[],
  { channel }: Pick<ReturnType<typeof inbox>, "channel">,
  clock = fakeClock(),
) {
  const { agent, nextStep } = fullAgent(script);
  const store = createMemoryStore();
  const runtime = testRuntime({ agents: [agent], store, clock, channels: [channel] });
  return {
    runtime,
    clock,
    prompts: nextStep.prompts,
    async start(from: Launch["via"] = via) {
      const { threadId } = await runtime.launch({
        agent: "full",
        input: { message: "go", from: ada },
        via: from,
      });
      return runtime.settled(threadId);
    },
  };
}

const shown = (told: readonly Notice[]) =>
  told.map((notice) => {
    switch (notice.kind) {
      case "progress":
        return [notice.address, notice.kind, notice.text];
      case "finished":
        return [notice.address, notice.kind, notice.result];
      case "failed":
        return [notice.address, notice.kind, notice.error.message];
      case "cancelled":
        return [notice.address, notice.kind, notice.reason];
      default:
        return [notice.kind];
    }
  });

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let look = 0; look < 2_000; look++) {
    if (await condition()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error("it did not come to that");
}

describe("how a thread goes on", { tags: ["F7.16", "F11.2"] }, () => {
  it("is told over the channel that it comes from: progress, and the end, at the address given", async () => {
    const { channel, told } = inbox();
    const { start, prompts } = office([tell, done], { channel });
    const thread = await start();
    expect(shown(told)).toEqual([
      [via.address, "progress", "half of it is done"],
      [via.address, "finished", "all of it"],
    ]);
    expect(told.map(({ mayBeRepeated }) => mayBeRepeated)).toEqual([false, false]);
    expect(
      eventsOf(thread, "notified").flatMap(({ data }) => (data.about === undefined ? [] : [data])),
    ).toEqual([
      { about: expect.any(Number), channel: "mail", ok: true },
      { about: expect.any(Number), channel: "mail", ok: true },
    ]);
    expect(thread.state.news).toEqual([]);
    expect(prompts.join()).not.toContain("shop.example");
  });

  it("progress is told while the run goes on", async () => {
    const { channel, told } = inbox(async ({ thread, kind }) => {
      if (kind === "progress") expect(thread.state.status.kind).toBe("running");
    });
    await office([tell, done], { channel }).start();
    expect(told).toHaveLength(2);
  });

  it("a failure and a cancellation are told, and a run that found nothing to do is not", async () => {
    const { channel, told } = inbox();
    const idle = office([nothing], { channel });
    const ended = await idle.start();
    expect(told).toEqual([]);
    expect(ended.state.news).toEqual([]);
    const waiting = office([{ intent: "ask", message: "?" }], { channel });
    const { id } = await waiting.start();
    await waiting.runtime.cancel(id, bob, "not needed");
    await until(() => told.some(({ kind }) => kind === "cancelled"));
    expect(shown(told)).toEqual([["request"], [via.address, "cancelled", "not needed"]]);
  });

  it("nobody is told of a thread that came from nowhere, and a fork is no reply", async () => {
    const { channel, told } = inbox();
    const { runtime } = office([done, done], { channel });
    const { threadId } = await runtime.launch({ agent: "full", input: { message: "go", from: ada } });
    const thread = await runtime.settled(threadId);
    expect(told).toEqual([]);
    const other = office([done, done], { channel });
    const original = await other.start();
    const fork = await other.runtime.fork(original.id, 2, bob);
    await other.runtime.resume(fork.id, bob);
    await other.runtime.settled(fork.id);
    expect(shown(told)).toEqual([[via.address, "finished", "all of it"]]);
    expect(thread.state.via).toBeNull();
  });

  it("whoever writes later cannot turn the replies to another address", async () => {
    const { channel, told } = inbox();
    const { start, runtime } = office([done, done], { channel });
    const { id } = await start();
    await runtime.message(id, "again", bob);
    await runtime.settled(id);
    expect(new Set(shown(told).map(([address]) => address))).toEqual(new Set([via.address]));
    expect(told).toHaveLength(2);
  });

  it("what could not be delivered is tried again with back-off, and repeated knowingly", async () => {
    const { channel, told } = inbox(async (_, nth) => {
      if (nth <= 2) throw new Error("the mail server is down");
    });
    const { start, runtime, clock } = office([done], { channel });
    const { id } = await start();
    runtime.start();
    await clock.advance(4_000);
    expect(told).toHaveLength(1);
    await clock.advance(3_000);
    await until(() => told.length === 2);
    await clock.advance(12_000);
    await until(async () => (await runtime.get(id)).state.news.length === 0);
    expect(told.map(({ mayBeRepeated }) => mayBeRepeated)).toEqual([false, true, true]);
    expect(new Set(told.map((notice) => notice.id)).size).toBe(1);
    await clock.advance(3_600_000);
    expect(told).toHaveLength(3);
  });

  it("a channel that is not there is said in the thread; one that does not want it is left alone", async () => {
    const { channel, told } = inbox();
    const picky = { ...channel, wants: ({ kind }: Notice) => kind !== "progress" };
    await office([tell, done], { channel: picky }).start();
    expect(told.map(({ kind }) => kind)).toEqual(["finished"]);
    const gone = await office([done], { channel }).start({ channel: "pager", address: "7" });
    expect(eventsOf(gone, "notified").map(({ data }) => [data.ok, data.error?.message])).toEqual([
      [false, "this process has no such channel"],
    ]);
    expect(gone.state.news).toHaveLength(1);
  });

  it.each([{ channel: "", address: "x" }, { channel: "mail" }, { channel: "mail", address: "" }])(
    "a `via` that leads nowhere is refused: %s",
    async (wrong) => {
      const { start } = office([done], inbox());
      await expect(start(wrong as typeof via)).rejects.toMatchObject({
        name: expect.stringContaining("Usage"),
      });
    },
  );
});

/** Kills the process at its nth append: nothing it does is written any more, and nothing it waits for comes. */
function killedAt(
  store: ThreadStore,
  nth: number,
  after: boolean,
): { store: ThreadStore; dead: Promise<void> } {
  let died = () => {};
  const dead = new Promise<void>((resolve) => {
    died = resolve;
  });
  let count = 0;
  const never = new Promise<never>(() => {});
  const dying: ThreadStore = Object.create(store, {
    append: {
      value: async (...args: Parameters<ThreadStore["append"]>) => {
        count += 1;
        if (count < nth) return store.append(...args);
        if (count === nth && after) await store.append(...args);
        died();
        return never;
      },
    },
    release: {
      value: async (...args: Parameters<ThreadStore["release"]>) =>
        count >= nth ? never : store.release(...args),
    },
    renew: {
      value: async (...args: Parameters<ThreadStore["renew"]>) =>
        count >= nth ? never : store.renew(...args),
    },
  });
  return { store: dying, dead };
}

/* With kill -9, in files and in PostgreSQL: test/soak/crash. */
describe("a process that dies at any append", { tags: ["F7.16", "F11.7"] }, () => {
  const CASES = [2, 3, 4, 5].flatMap((nth) => [false, true].map((after) => [nth, after] as const));

  it.each(CASES)(
    "number %i (after it: %s) loses no news, and repeats at most the one under way, knowingly",
    (nth, after) => survive(createMemoryStore(), nth, after),
  );

  it("nor with threads in a file", async () => {
    const { store, close } = await temporaryStore();
    await survive(store, 4, true);
    await close();
  });

  async function survive(store: ThreadStore, nth: number, after: boolean): Promise<void> {
    const { agent } = fullAgent([tell, done, tell, done]);
    const { channel, told } = inbox();
    const clock: FakeClock = fakeClock();
    const dying = killedAt(store, nth, after);
    const first = createRuntime({
      agents: [agent],
      store: dying.store,
      clock: fakeClock(),
      channels: [channel],
    });
    const { threadId } = await first.launch({ agent: "full", input: { message: "go", from: ada }, via });
    await dying.dead;
    const next: Runtime = testRuntime({ agents: [agent], store, clock, channels: [channel] });
    next.start();
    await until(async () => {
      await clock.advance(20_000);
      return isOver(await next.get(threadId));
    });
    const { events } = await next.get(threadId);
    const owed = events
      .filter(({ type, data }) => type === "finished" || (type === "notified" && "text" in data))
      .map(({ seq }) => `${threadId}.${seq}`);
    expect([...new Set(told.map(({ id }) => id))]).toEqual(owed);
    const repeated = told.filter(({ id }, index) => told.slice(0, index).some((other) => other.id === id));
    expect(repeated.length).toBeLessThanOrEqual(1);
    expect(repeated.every(({ mayBeRepeated }) => mayBeRepeated)).toBe(true);
  }

  function isOver({
    state,
  }: {
    readonly state: { readonly status: { readonly kind: string }; readonly news: readonly unknown[] };
    readonly id: ThreadId;
  }) {
    return state.status.kind === "finished" && state.news.length === 0;
  }
});
