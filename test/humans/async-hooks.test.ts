import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { callQuietly } from "../../src/base/hooks.ts";
import { createContext } from "../../src/context/context.ts";
import type { Channel } from "../../src/humans/channel.ts";
import { pendingRequest } from "../../src/humans/request.ts";
import { mayAnswer, requireMay } from "../../src/protocols/protocol.ts";
import type { Observer } from "../../src/runtime/observers.ts";
import { askHuman, finish, progress, sleep, waitForEvent } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { TOKEN, testInbox } from "../inbox/inbox-server.ts";
import { type FullStep, fullAgent } from "../runtime/full-agent.ts";
import { ada, bench, bob, eventsOf, testRuntime } from "../runtime/harness.ts";
import { serve } from "../server/serve.ts";

const pay: FullStep = { intent: "pay", amount: 50, to: "carol" };
const done: FullStep = { intent: "done", message: "end" };

/** What a program without types may give where a function must answer at once. */
const untyped = <F>(call: () => unknown): F => Object.create(null, { call: { value: call } }).call;
const rejects = untyped<() => never>(async () => {
  await setImmediate();
  throw new Error("its own fault");
});

type Odd = { intent: "odd" };

const unhandled: unknown[] = [];
const note = (reason: unknown) => void unhandled.push(reason);
beforeEach(() => {
  process.on("unhandledRejection", note);
});
afterEach(async () => {
  // Node tells of them once all that was waiting has run.
  for (let turn = 0; turn < 5; turn++) await setImmediate();
  process.off("unhandledRejection", note);
  expect(unhandled.splice(0)).toEqual([]);
});

describe("a function that gives a promise where nobody waits for one", { tags: ["F7.3", "F12.1"] }, () => {
  it("is awaited where a channel says what it wants, and a failure of it is one of the delivery", async () => {
    const clock = fakeClock();
    const delivered: string[] = [];
    let looks = 0;
    const channel = (name: string, wants: () => Promise<boolean>): Channel => ({
      name,
      deliver: async () => void delivered.push(name),
      wants: untyped(wants),
    });
    const faulty = channel("faulty", async () => {
      looks += 1;
      if (looks === 1) throw new Error("not now");
      return true;
    });
    const quiet = channel("quiet", async () => false);
    const { start, runtime } = bench([pay], { clock, channels: [faulty, quiet] });
    const asked = await start();
    expect(
      eventsOf(asked, "notified").map(({ data }) => [data.channel, data.ok, data.error?.message]),
    ).toEqual([["faulty", false, "not now"]]);
    runtime.start();
    await clock.advance(6_000);
    await runtime.settled(asked.id);
    expect(delivered).toEqual(["faulty"]);
  });

  it("disturbs nothing as an observer", async () => {
    const { start, runtime } = bench([done]);
    const seen: string[] = [];
    const observer: Observer = async ({ kind }) => {
      seen.push(kind);
      await rejects();
    };
    runtime.subscribe(observer);
    expect((await start()).state.status.kind).toBe("finished");
    expect(seen).toContain("events");
  });

  it.each([
    ["askHuman", askHuman<Odd>(rejects)],
    ["finish", finish<Odd, never>(rejects)],
    ["progress", progress<Odd>(rejects)],
    ["sleep", sleep<Odd>(rejects)],
    ["waitForEvent", waitForEvent<Odd>(rejects)],
  ])("is refused as the handler of a step: %s", async (_, step) => {
    const nextStep = scriptedSteps<Odd | { intent: "done" }>([{ intent: "odd" }, { intent: "done" }]);
    const agent = defineAgent(nextStep, { name: "odd", steps: { odd: step, done: finish(() => "end") } });
    const runtime = testRuntime({ agents: [agent], store: createMemoryStore() });
    const { threadId } = await runtime.launch({ agent: "odd", input: { message: "go", from: ada } });
    const thread = await runtime.settled(threadId);
    expect(eventsOf(thread, "step_refused").map(({ data }) => data.message)).toEqual([
      expect.stringContaining("gave a promise"),
    ]);
  });

  it("is no yes: nobody is let in by it", async () => {
    const { start, runtime } = bench([pay]);
    const request = pendingRequest(await start());
    if (request === null) throw new Error("nothing is asked");
    const caller = { principal: bob, may: () => true };
    expect(mayAnswer(request, caller, runtime)).toBe(true);
    expect(() => mayAnswer(request, { ...caller, mayAnswer: rejects }, runtime)).toThrow("gave a promise");
    expect(() => requireMay({ ...caller, may: rejects }, "launch")).toThrow("gave a promise");
    const { agent } = fullAgent([pay]);
    for (const deps of [{ checkCsrf: rejects }, { principal: rejects }, { access: rejects }]) {
      const { app, runtime } = testInbox([agent], { deps: { ...deps, report: rejects } });
      const response = await app.request("/inbox/agents/full/launch", {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({ csrf: TOKEN, message: "go" }),
      });
      expect(response.status).toBe(500);
      expect((await runtime.list()).threads).toEqual([]);
      await runtime.stop();
    }
  });

  it("is no count of tokens, no path of a page and no address, and writing the log disturbs nothing", async () => {
    const { countTokens } = createContext({ budget: { tokens: 1_000, countTokens: rejects } });
    await expect(countTokens([])).rejects.toThrow("`countTokens` gave a promise");
    const { agent } = fullAgent([pay]);
    const inbox = testInbox([agent], { deps: { basePath: rejects } });
    expect((await inbox.app.request("/inbox")).status).toBe(500);
    await inbox.runtime.stop();
    const log = { info: rejects, warn: rejects, error: rejects };
    const { app } = serve({ agents: [agent], server: { remoteAddress: rejects, log } });
    expect((await app.request("/login")).status).toBe(500);
  });

  it("is let go where its outcome is nobody's business", () => {
    expect(callQuietly(rejects)).toBeUndefined();
    expect(
      callQuietly(() => {
        throw new Error("at once");
      }),
    ).toBeUndefined();
  });
});
