import { readFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { type Agent, defineAgent, finish, type ThreadStore, tool } from "../../src/index.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { createThread, message, numberEvents, project } from "../../src/testing/store-contract/samples.ts";
import { temporaryStore } from "../store/temporary.ts";
import { upgraded } from "../upgrade/release.ts";
import { ada, bench, bob, testRuntime } from "./harness.ts";

type Step = { intent: "look"; account: string; pin: string } | { intent: "done"; message: string };

/** An agent that hides account numbers, whatever the field, and fields called `pin`. */
function discreetAgent(result: unknown): Agent {
  const accounts = { kind: "account", pattern: /\bDE\d{20}\b/g };
  const look: Step = { intent: "look", account: "DE12345678901234567890", pin: "zanzibar99" };
  return defineAgent(scriptedSteps<Step>([look, { intent: "done", message: "Ada has paid" }]), {
    name: "discreet",
    steps: { look: tool(async () => result), done: finish(({ message }) => message) },
    context: { redact: { patterns: [accounts], fields: ["pin"] } },
  });
}

const TABLES = ["search_words_data", "search_words_idx"];

/** Everything that the index of a file holds, as one text. */
function indexOf(path: string): string {
  const database = new DatabaseSync(path);
  const rows = TABLES.flatMap((table) => database.prepare(`SELECT * FROM ${table}`).all());
  database.close();
  return rows
    .flatMap((row) =>
      Object.values(row).map((value) =>
        value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : String(value),
      ),
    )
    .join("\n");
}

async function found(store: ThreadStore, search: string): Promise<number> {
  return (await store.list({ search })).threads.length;
}

/** Enough texts that those before them are in the index. */
async function fillUp(store: ThreadStore): Promise<void> {
  const texts = Array.from({ length: 300 }, (_, index) => ({ seq: index + 2, text: `filler ${index}` }));
  await createThread(store, { texts: texts.map(({ text }) => text), findable: texts });
}

describe("what threads can be found by", { tags: ["F5.10"] }, () => {
  it("words, arguments, results, answers and people are found as soon as they are stored", async () => {
    const { runtime, start, answer } = bench([
      { intent: "lookup", id: "A-1020" },
      { intent: "pay", amount: 640, to: "Zoe" },
      { intent: "done", message: "all paid" },
    ]);
    const thread = await start("please refund the cake");
    expect(thread.state.status.kind).toBe("awaiting_approval");
    await answer(thread, { kind: "denied", feedback: "ask Quentin first" });
    for (const search of [
      "refund CAKE",
      "a-1020",
      "640 zoe",
      "quentin",
      "Bob",
      "ada",
      "terminal:ada refund",
      "paid",
      thread.id,
      "pay 640",
    ])
      expect([search, await found(runtime.store, search)]).toEqual([search, 1]);
    for (const search of ["wine", "refund wine", "call_3", "exact"])
      expect([search, await found(runtime.store, search)]).toEqual([search, 0]);
    const { threads } = await runtime.list();
    expect(threads[0]).toMatchObject({
      subject: "please refund the cake",
      title: "all paid",
      requester: { id: "ada" },
    });
  });

  it("what an agent hides is not found, and not in the file of the index either", {
    tags: "F4.9",
  }, async () => {
    const temporary = await temporaryStore();
    const { store } = temporary;
    const result = {
      note: "zanzibar99 is right for DE12345678901234567890",
      balance: 1717,
      api_key: "blue-elephant",
    };
    const runtime = testRuntime({ agents: [discreetAgent(result)], store });
    const text = "my mother's pin: she says DE12345678901234567890, password: mango-tree-7";
    const { threadId } = await runtime.launch({ agent: "discreet", input: { message: text, from: ada } });
    await runtime.settled(threadId);
    await runtime.message(threadId, "is it mango-tree-7 or zanzibar99?", ada).catch(() => undefined);
    await fillUp(store);
    for (const search of ["DE12345678901234567890", "zanzibar99", "mango-tree-7", "elephant"])
      expect([search, await found(store, search)]).toEqual([search, 0]);
    for (const search of ["mother", "1717", "right", "paid"])
      expect([search, await found(store, search)]).toEqual([search, 1]);
    const { hits } = await store.list({ search: "right" });
    expect(hits[0]?.text).toBe("[secret removed] is right for [account removed] · 1717 · [secret removed]");
    expect(indexOf(temporary.path)).not.toMatch(/12345678901234567890|zanzibar|mango|elephant/i);
    await temporary.close();
  });

  it("nothing of an erased or deleted thread is left in the file", { tags: "F5.10" }, async () => {
    const temporary = await temporaryStore();
    const { store } = temporary;
    const steps = [
      { intent: "lookup", id: "xylophone" },
      { intent: "done", message: "xylophone quagmire" },
    ] as const;
    const { runtime, start } = bench([...steps, ...steps], { store });
    const [erased, deleted] = [
      await start("the xylophone of Zebedee"),
      await start("Ottoline has a xylophone"),
    ];
    await fillUp(store);
    expect(await found(store, "xylophone")).toBe(2);
    expect(indexOf(temporary.path)).toMatch(/zebedee/);
    await runtime.erase(erased.id, bob, { reason: "asked for" });
    await runtime.delete(deleted.id);
    for (const search of ["xylophone", "zebedee", "ottoline", "quagmire"])
      expect(await found(store, search)).toBe(0);
    expect(await found(store, '"asked for"')).toBe(1);
    expect(await found(store, "filler 17")).toBe(1);
    const database = new DatabaseSync(temporary.path);
    database.exec("INSERT INTO search_words (search_words) VALUES ('integrity-check')");
    database.close();
    const words = /xylophone|zebedee|ottoline|quagmire/i;
    expect(indexOf(temporary.path)).not.toMatch(words);
    expect((await readFile(temporary.path)).toString("latin1")).not.toMatch(words);
    await temporary.close();
  });

  it("threads of an earlier release are found once they were indexed in the background", {
    tags: "F5.5",
  }, async () => {
    const { runtime, store } = await upgraded();
    const all = await runtime.unindexed();
    expect(all).toBeGreaterThan(20);
    const progress: number[] = [];
    const seen = runtime.subscribe((one) => {
      if (one.kind === "indexed") progress.push(one.of - one.done);
    });
    runtime.start();
    await expect.poll(() => runtime.unindexed(), { timeout: 20_000 }).toBe(0);
    seen();
    await expect.poll(() => progress.at(-1)).toBe(0);
    expect(progress.length).toBeGreaterThan(1);
    const { threads } = await store.list({ limit: 1000 });
    expect(threads.filter(({ subject }) => subject !== "").length).toBeGreaterThan(threads.length / 2);
    const [subject = ""] = threads
      .map((thread) => thread.subject)
      .filter((text) => /^\p{L}+ \p{L}+/u.test(text));
    expect(await found(store, subject)).toBeGreaterThan(0);
  });

  it("threads of agents that are not known here are left to those who know what they hide", async () => {
    const store = createMemoryStore();
    await createThread(store, { texts: ["a secret of others"], projection: { agent: "elsewhere" } });
    const { runtime } = bench([], { store });
    await runtime.indexThreads();
    expect(await found(store, "secret")).toBe(0);
    expect((await store.unindexed(["elsewhere"], 1)).count).toBe(1);
    expect(await runtime.unindexed()).toBe(0);
  });

  it("an erasure that comes between reading and indexing wins", async () => {
    const store = createMemoryStore();
    const { runtime, start } = bench([{ intent: "done", message: "ok" }], { store });
    const { id, state } = await start("Zebedee");
    await runtime.erase(id, bob, { reason: "r" });
    const old = { after: 0, seq: state.seq, texts: [{ seq: 2, text: "Zebedee" }], projection: project() };
    expect(await store.index(id, old)).toBe(false);
    expect(await found(store, "zebedee")).toBe(0);
  });

  it("one thread that cannot be read keeps no other from being indexed", async () => {
    const { agent } = { agent: discreetAgent("x") };
    const store = createMemoryStore();
    const ids = [await createThread(store), await createThread(store)];
    for (const [index, id] of ids.entries()) {
      const projection = project({ agent: "discreet" });
      await store.append(id, 1, numberEvents(2, [message(`tale ${index}`)]), { projection });
    }
    const broken: ThreadStore = {
      ...store,
      read: async (id, after) => {
        if (id === ids[0]) throw new Error("damaged");
        return store.read(id, after);
      },
    };
    const known: Agent = { ...agent, name: "sample" };
    await testRuntime({ agents: [agent, known], store: broken }).indexThreads();
    expect([await found(store, "tale 0"), await found(store, "tale 1")]).toEqual([0, 1]);
  });
});
