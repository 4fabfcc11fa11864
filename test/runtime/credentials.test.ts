import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { type CredentialSources, withCredentials } from "../../src/agent/credentials.ts";
import { toStore } from "../../src/agent/to-store.ts";
import { toJson } from "../../src/base/json.ts";
import { advance } from "../../src/loop/advance.ts";
import { said } from "../../src/loop/by-hand.ts";
import { createJournal } from "../../src/loop/journal.ts";
import { exportHtml, exportJson, exportMarkdown } from "../../src/present/index.ts";
import { runAgent } from "../../src/runtime/run-agent.ts";
import { startJob } from "../../src/steps/start-job.ts";
import { finish, tool } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import type { NewEvent } from "../../src/thread/events.ts";
import { appendEvents, startThread, type Thread } from "../../src/thread/thread.ts";
import { propertyRuns } from "../property-runs.ts";
import { ada, bob, eve, eventsOf, testRuntime } from "./harness.ts";

type Step = { intent: "call"; how: string } | { intent: "pay" } | { intent: "job" } | { intent: "done" };
const call = (how: string): Step => ({ intent: "call", how });

const SECRETS: Readonly<Record<string, string>> = {
  ada: "tok/ada+Geheim 1",
  bob: `tok-bob-"quoted"-2`,
  eve: "tok(eve)/<&'ü>!*",
};

/** How programs write it. */
const WRITTEN: Readonly<Record<string, (value: string) => string>> = {
  "as it is": (value) => value,
  "in an address": encodeURIComponent,
  "in a path": encodeURI,
  "in a form": (value) => String(new URLSearchParams({ value })).slice(6),
  "in small letters": (value) => encodeURIComponent(value).replace(/%../g, (byte) => byte.toLowerCase()),
  "in JSON": (value) => JSON.stringify(value).slice(1, -1),
  "in JSON of plain letters": (value) => JSON.stringify(value).slice(1, -1).replace("ü", "\\u00fc"),
  "in XML": (value) =>
    value.replace(
      /[&<>"']/g,
      (sign) => `&${{ "&": "amp", "<": "lt", ">": "gt", '"': "quot" }[sign] ?? "#39"};`,
    ),
  "in hex": (value) => Buffer.from(value).toString("hex"),
};

const sources: CredentialSources = {
  shop: async ({ requester }) => SECRETS[requester?.id ?? ""],
  broken: () => {
    throw new Error(`no connection with ${SECRETS["ada"]}`);
  },
  short: () => "abc",
};

/** An agent whose tools give away what they are given, in every way. */
function chatterbox(script: readonly Step[], jobs: string[] = []) {
  const seen: string[] = [];
  const nextStep = scriptedSteps<Step>(script);
  const agent = defineAgent(nextStep, {
    name: "chatterbox",
    limits: { consecutiveErrors: 20, attemptsPerTool: 20 },
    prefetch: {
      account: { run: ({ credential }) => ({ token: credential("shop") }), credentials: ["shop"] },
    },
    steps: {
      call: tool(
        ({ how }, { credential }) => {
          const secret = credential(
            how === "other" ? "mail" : how === "broken" || how === "short" ? how : "shop",
          );
          seen.push(secret);
          if (how === "throw") throw new Error(`401 for ${secret}`, { cause: new Error(`Bearer ${secret}`) });
          return {
            secret,
            [secret]: "as a key",
            url: `https://shop.example/?token=${encodeURIComponent(secret)}`,
            json: JSON.stringify({ secret }),
            basic: `Basic ${Buffer.from(`user:${secret}`).toString("base64")}`,
            safe: Buffer.from(`ab${secret}cd`).toString("base64url"),
          };
        },
        {
          readOnly: true,
          credentials: [
            "shop",
            ...(script.some((step) => "how" in step && step.how === "broken") ? ["broken"] : []),
            ...(script.some((step) => "how" in step && step.how === "short") ? ["short"] : []),
          ],
          summarize: ({ length }: never) => `${length} ${seen.at(-1)}`,
        },
      ),
      pay: tool(() => "paid", {
        approval: "always",
        credentials: ["shop"],
        preview: (_step, { credential }) => ({ with: credential("shop") }),
      }),
      job: tool((_step, { credential }) => startJob((token) => jobs.push(token, credential("shop"))), {
        credentials: ["shop"],
      }),
      done: finish(() => "done"),
    },
  });
  return { agent, nextStep, seen };
}

/** Everything that a thread is shown as. */
function everywhere(thread: Thread): string {
  return [
    JSON.stringify(thread),
    exportMarkdown(thread),
    exportHtml(thread),
    JSON.stringify(exportJson(thread)),
  ].join("\n");
}

/** Each secret in each way to write it, also as it stands where that is written in JSON once more. */
const LEAKS = Object.values(SECRETS).flatMap((secret) =>
  Object.values(WRITTEN).flatMap((write) => [write(secret), JSON.stringify(write(secret)).slice(1, -1)]),
);
const INSIDES = Object.values(SECRETS).map((secret) => secret.slice(3, -3));

function expectNone(text: string) {
  expect(LEAKS.filter((leak) => text.includes(leak))).toEqual([]);
  // What is left of Base64 around a secret says nothing of it.
  const decoded = [...text.matchAll(/[A-Za-z0-9+/_-]{16,}/g)].map(([encoded]) =>
    Buffer.from(encoded, "base64").toString(),
  );
  expect(decoded.filter((one) => INSIDES.some((inside) => one.includes(inside)))).toEqual([]);
}

describe("credentials", { tags: ["F5.7", "F7.15"] }, () => {
  it("are those of the person for whom the call runs, and in no event, export, prompt or answer", async () => {
    for (const from of [ada, bob]) {
      const jobs: string[] = [];
      const { agent, nextStep, seen } = chatterbox(
        [call("return"), call("throw"), { intent: "job" }, { intent: "pay" }, { intent: "done" }],
        jobs,
      );
      const runtime = testRuntime({ agents: [agent], credentials: sources });
      const told: unknown[] = [];
      runtime.subscribe((observation) => told.push(observation));
      const { threadId } = await runtime.launch({ agent: "chatterbox", input: { message: "go", from } });
      await runtime.settled(threadId);
      expect(seen).toEqual([SECRETS[from.id], SECRETS[from.id]]);
      const [token = "", secret] = jobs;
      expect(secret).toBe(SECRETS[from.id]);
      // The job gives it away much later, and so does a person.
      await runtime.finishJob(token, { result: { with: secret ?? "" } });
      await runtime.settled(threadId);
      await runtime.message(threadId, `did you use ${secret}?`, from);
      const thread = await runtime.settled(threadId);
      expect(thread.state.request).toMatchObject({
        type: "approval",
        card: { preview: { with: "[credential removed]" } },
      });
      expectNone(everywhere(thread));
      expectNone(JSON.stringify(told));
      expectNone(nextStep.prompts.join("\n"));
    }
  });

  it("a result that comes to another process, which has handed none out, is kept clean, too", async () => {
    for (const from of [ada, bob, eve]) {
      const store = createMemoryStore();
      const jobs: string[] = [];
      const first = chatterbox([{ intent: "job" }], jobs);
      const one = testRuntime({ agents: [first.agent], store, credentials: sources });
      const { threadId } = await one.launch({ agent: "chatterbox", input: { message: "go", from } });
      await one.settled(threadId);
      await one.stop();
      const [token = "", secret = ""] = jobs;
      const unable = { ...sources, shop: sources["broken"] ?? (() => undefined) };
      const down = testRuntime({ agents: [chatterbox([]).agent], store, credentials: unable });
      await expect(down.finishJob(token, { result: secret })).rejects.toMatchObject({
        code: "conflict",
        message: expect.stringContaining("send the result again later"),
      });
      await down.stop();
      const later = chatterbox([{ intent: "done" }]);
      const other = testRuntime({ agents: [later.agent], store, credentials: sources });
      const told: unknown[] = [];
      other.subscribe((observation) => told.push(observation));
      const written = Object.values(WRITTEN).map((write) => `<${write(secret)}>`);
      const basic = Buffer.from(`user:${secret}`).toString("base64");
      await other.finishJob(token, { result: { [secret]: [...written, basic] } });
      const thread = await other.settled(threadId);
      expect(thread.state.ended?.kind).toBe("finished");
      expectNone(everywhere(thread));
      expectNone(JSON.stringify(told));
      expectNone(later.nextStep.prompts.join("\n"));
      await other.stop();
    }
  });

  it("an approval that showed one in its preview, removed, still holds", async () => {
    const { agent } = chatterbox([{ intent: "pay" }, { intent: "done" }]);
    const runtime = testRuntime({ agents: [agent], credentials: sources });
    const { threadId } = await runtime.launch({ agent: "chatterbox", input: { message: "go", from: ada } });
    const { state } = await runtime.settled(threadId);
    if (state.request?.type !== "approval") throw new Error("no approval is pending");
    const { digest, seq } = state.request;
    await runtime.respond(`${threadId}.${seq}` as never, { decision: { kind: "approved" }, digest }, bob);
    const thread = await runtime.settled(threadId);
    expect(thread.state.status.kind).toBe("finished");
    expect(eventsOf(thread, "approval_requested")).toHaveLength(1);
  });

  it.each([
    ["nobody in particular", "return", undefined, "there is no credential shop for nobody in particular"],
    ["a source that throws", "broken", ada, "the credential broken could not be found for terminal:ada"],
    ["one too short to be told from words", "short", ada, "has fewer than 8 characters"],
    ["one that is not declared", "other", ada, "the credential mail is not declared here; declared: shop"],
  ])("the call fails for %s, and says no more than that", async (_what, how, from, message) => {
    const { agent } = chatterbox([call(how), { intent: "done" }]);
    const runtime = testRuntime({ agents: [agent], credentials: sources });
    const input =
      from === undefined
        ? ({ event: { name: "tick", source: "cron", payload: 1 } } as const)
        : { message: "go", from };
    const { threadId } = await runtime.launch({ agent: "chatterbox", input });
    const thread = await runtime.settled(threadId);
    expect(eventsOf(thread, "tool_failed")[0]?.data.error.message).toContain(message);
    expectNone(everywhere(thread));
  });

  it("a name that nothing resolves is found before anything runs", () => {
    const { agent } = chatterbox([]);
    expect(() => testRuntime({ agents: [agent] })).toThrow(
      'agent chatterbox: call needs the credential "shop"; `credentials` resolves: none',
    );
  });

  it("an agent that is run like a function gets them, in a runtime of its own or another", async () => {
    for (const own of [true, false]) {
      const { agent, seen } = chatterbox([call("return"), { intent: "done" }]);
      const where = own
        ? { credentials: sources }
        : { runtime: testRuntime({ agents: [agent], credentials: sources }) };
      expect(await runAgent(agent, "go", { ...where, from: ada })).toBe("done");
      expect(seen).toEqual([SECRETS["ada"]]);
    }
  });

  it("a loop written by hand keeps them out, too", async () => {
    const { agent } = chatterbox([call("return"), { intent: "done" }]);
    const known = withCredentials(agent, sources);
    const clock = fakeClock();
    const start = startThread({ agent: agent.name }, 0);
    const begun = appendEvents(start, [said("go", ada)], 0);
    const { signal } = new AbortController();
    const thread = await advance(createJournal(begun, known, clock), known, { clock, signal });
    expect(thread.state.status.kind).toBe("finished");
    expectNone(everywhere(thread));
  });

  it("whatever the event and wherever in it, the one door removes them", async () => {
    const { agent } = chatterbox([]);
    const known = withCredentials(agent, sources);
    const thread = startThread({ agent: agent.name }, 0);
    const { signal } = new AbortController();
    for (const requester of [ada, bob, eve])
      await known.context.credentials?.find(["shop"], { requester, agent: "chatterbox", signal });
    const secret = fc.constantFrom(...Object.values(SECRETS));
    const leak = fc
      .tuple(fc.string(), secret, fc.string(), fc.constantFrom("base64", ...Object.keys(WRITTEN)))
      .map(([before, value, after, how]) => {
        const write = WRITTEN[how];
        if (write === undefined) return Buffer.from(before + value + after).toString("base64");
        return how === "in hex" ? write(before + value + after) : before + write(value) + after;
      });
    const json = fc.oneof(
      leak,
      leak.map((value) => ({ [value]: 1, list: [value, { deep: value }] })),
    );
    const callId = "call_3" as const;
    const error = (message: string) => ({ name: "Error", message, causes: [message], frame: message });
    const events = fc.tuple(json, leak).map(([value, text]): NewEvent[] => {
      const all = [
        { type: "message_received", data: { text, from: ada } },
        { type: "event_received", data: { name: "x", source: "y", payload: value } },
        {
          type: "step_proposed",
          data: { callId, step: { intent: "call", value }, fidelity: { grade: "exact", reasons: [] } },
        },
        { type: "step_refused", data: { reason: "unparseable", message: text } },
        { type: "steps_dropped", data: { steps: [{ intent: "call", value }], reason: text } },
        { type: "step_judged", data: { callId, verdict: "pass", reason: text } },
        { type: "human_asked", data: { kind: "question", callId, question: text, context: text } },
        { type: "notified", data: { channel: "mail", ok: false, text, error: error(text) } },
        { type: "human_responded", data: { request: 3, decision: { kind: "answered", text }, by: ada } },
        { type: "tool_finished", data: { callId, result: value } },
        { type: "tool_failed", data: { callId, error: error(text) } },
        { type: "tool_unknown", data: { callId, reason: text } },
        { type: "child_requested", data: { callId, threadId: thread.id, agent: "x", input: value } },
        { type: "child_finished", data: { callId, threadId: thread.id, result: value } },
        { type: "child_failed", data: { callId, threadId: thread.id, agent: "x", error: error(text) } },
        {
          type: "prefetched",
          data: { name: "x", arguments: { value }, outcome: { kind: "result", result: value }, as: "call" },
        },
        { type: "context_compacted", data: { from: 1, to: 1, method: "summarize", replacement: value } },
        { type: "paused", data: { by: ada, reason: text } },
        { type: "cancelled", data: { by: ada, reason: text } },
        { type: "finished", data: { result: value } },
        { type: "failed", data: { error: error(text) } },
      ];
      return all as unknown as NewEvent[];
    });
    fc.assert(
      fc.property(events, (all) => {
        expectNone(JSON.stringify(toJson(toStore(all, thread, known))));
      }),
      { numRuns: propertyRuns(60) },
    );
  });
});
