import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { toStore } from "../../src/agent/to-store.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import { canonicalJson, type Json, toJson } from "../../src/base/json.ts";
import { createVault } from "../../src/context/redaction/redaction.ts";
import { isKept } from "../../src/context/redaction/stored-content.ts";
import type { Channel } from "../../src/humans/channel.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { askHuman, finish, progress, tool } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { EVENTS, type EventData, type EventType, type NewEvent } from "../../src/thread/events.ts";
import { appendEvents, startThread, type Thread } from "../../src/thread/thread.ts";
import { propertyRuns } from "../property-runs.ts";

const keeper = (vault = createVault()) =>
  defineAgent(scriptedSteps<{ intent: "done" }>([]), {
    name: "keeper",
    steps: { done: finish(() => "done") },
    context: { redact: { emails: true, fields: ["iban"] }, vault, keepOutOfStore: true },
  });

const threadId = startThread({ agent: "keeper" }, 0).id;
const callId = "call_3" as EventData["tool_started"]["callId"];
const by = { channel: "web", id: "ada", name: "Ada" };
const text = "words";
const json = { words: [text, { more: text }] };
const step = { intent: "pay", to: text, list: [text] };
const error = { name: text, message: text, causes: [text], frame: text };
const completion = {
  raw: text,
  client: "openai/gpt",
  usage: { inputTokens: 1, outputTokens: 1, cachedInputTokens: 0 },
  durationMs: 1,
  requestDigest: "d1",
  failedAttempts: [text],
  response: { id: text, model: text, finish: text },
};
const requesters = { known: [by], unknown: false };
const outcome = { callId, threadId, untrusted: [text], requesters };
const fidelity = { grade: "doubtful" as const, reasons: ["prose"] };
const until = "2026-01-01T00:00:00.000Z";

/** Of each type data with every optional field that may hold words. */
const DATA: { readonly [T in EventType]: readonly EventData[T][] } = {
  thread_started: [{ agent: "keeper", requesters, requester: by }],
  message_received: [{ text, from: by }],
  event_received: [{ name: "paid", source: "shop", payload: json, callId, from: by }],
  step_proposed: [
    {
      callId,
      step,
      fidelity,
      completion,
      said: { text, length: 5, withoutJson: text },
      alongside: true,
      missed: { requester: by },
    },
  ],
  step_refused: [{ reason: "unparseable", message: text, callId, completion }],
  steps_dropped: [{ steps: [step, step], reason: text, callIds: [callId] }],
  step_judged: [{ callId, verdict: "pass", reason: text, completions: [completion] }],
  human_asked: [
    {
      kind: "question",
      question: text,
      context: text,
      options: { urgency: "low", format: "multiple_choice", choices: [text] },
      callId,
    },
  ],
  approval_requested: [
    {
      callId,
      card: {
        title: text,
        intent: "pay",
        arguments: json,
        reasons: [
          { kind: "policy", because: text },
          { kind: "faulty_policy", fault: text },
          { kind: "look_alike", names: [text] },
          { kind: "other", text },
          { kind: "judge", reason: text },
          { kind: "untrusted", sources: [text] },
        ],
        preview: json,
        said: { text, length: 5 },
        emphasis: [text],
        descriptions: { to: text },
        failures: { count: 1, latest: [{ at: until, message: text }] },
        newer: { count: 1, latest: [{ at: until, from: by, text, length: 5 }] },
        rejectOptions: { later: text },
      },
      policy: { approvers: ["web:*"], needed: 1 },
      digest: "d2",
      expiresAt: until,
    },
  ],
  notified: [{ channel: "thread", ok: false, request: 3, callId, text, error }],
  human_responded: [
    { request: 3, callId, digest: "d2", decision: { kind: "approved", editedStep: step }, by },
    { request: 3, decision: { kind: "denied", feedback: text, option: text }, by },
    { request: 3, decision: { kind: "answered", text }, by },
    { request: 3, decision: { kind: "happened", result: json }, by },
  ],
  request_escalated: [{ request: 3, to: ["web:bob"] }],
  request_expired: [{ request: 3, outcome: "deny" }],
  tool_started: [{ callId, intent: "pay", key: `${threadId}:${callId}`, attempt: 1 }],
  tool_finished: [{ callId, result: json, cachedFrom: 3, cachedAt: until, completions: [completion] }],
  tool_failed: [{ callId, error, completions: [completion] }],
  tool_unknown: [{ callId, reason: text, completions: [completion] }],
  sleep_started: [{ callId, until }],
  event_awaited: [{ callId, name: "paid", until, tokenDigest: "d3", completions: [completion] }],
  woke: [{ callId, timedOut: true }],
  child_requested: [{ callId, threadId, agent: "keeper", input: json }],
  child_started: [{ callId, threadId, agent: "keeper" }],
  child_finished: [{ ...outcome, result: json }],
  child_failed: [{ ...outcome, error }],
  passed_on: [{ threadId, upTo: 2 }],
  parent_told: [{ threadId }],
  prefetched: [
    { name: "news", arguments: json, outcome: { kind: "result", result: json }, as: "call" },
    { name: "news", arguments: json, outcome: { kind: "error", error }, as: "call" },
  ],
  context_compacted: [
    { from: 1, to: 2, method: "summarize", replacement: json, completion, completions: [completion], error },
  ],
  paused: [{ by, reason: text }],
  resumed: [{ by }],
  budget_reached: [{ budget: "steps", limit: 1, used: 1 }],
  cancelled: [{ by, reason: text }],
  finished: [{ result: json, callId }],
  failed: [{ error }],
  events_left_out: [{ seqs: [2], by, reason: text }],
  secret_revealed: [{ placeholder: "[card:1]", by }],
  data_erased: [{ seqs: [2], by, reason: text, standIns: ["d4"] }],
};

type Place = readonly (string | number)[];

/** Where a text stands that is content, in data or anywhere below it. */
function contentIn(type: EventType, value: Json, place: Place = []): Place[] {
  if (isKept(type, place.map((part) => (typeof part === "number" ? "*" : part)).join("."))) return [];
  if (typeof value === "string") return place.at(-1) === "intent" ? [] : [place];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    contentIn(type, inner, [...place, Array.isArray(value) ? Number(name) : name]),
  );
}

function put(value: Json, [first, ...rest]: Place, words: string): Json {
  if (first === undefined) return words;
  if (Array.isArray(value))
    return value.map((item: Json, index) => (index === first ? put(item, rest, words) : item));
  const object = toJson(value);
  if (typeof object !== "object" || object === null || Array.isArray(object)) return object;
  return Object.fromEntries(
    Object.entries(object).map(([name, item]) => [name, name === first ? put(item, rest, words) : item]),
  );
}

interface Case {
  readonly type: EventType;
  readonly data: Json;
  readonly place: Place;
}

const cases: readonly Case[] = (Object.keys(EVENTS) as EventType[]).flatMap((type) =>
  DATA[type].flatMap((typed) => {
    const data = toJson(typed);
    return contentIn(type, data).map((place) => ({ type, data, place }));
  }),
);

/** What a rule knows wherever it stands, and what it knows because it was seen once as a password. */
const KNOWN = "correct horse battery 7";
const secret = fc.constantFrom(
  "4111 1111 1111 1111",
  "sk-live-abcdefghijklmnop123456",
  "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
  "ada@example.com",
  KNOWN,
);

function threadThatKnows(agent: ReturnType<typeof keeper>): Thread {
  const said = {
    type: "event_received",
    data: { name: "x", source: "y", payload: { password: KNOWN } },
  } as const;
  const start = startThread({ agent: "keeper" }, 0);
  return appendEvents(start, toStore([said], start, agent), 0);
}

const asEvent = (type: EventType, data: Json) => ({ type, data }) as unknown as NewEvent;

describe("the one door into a thread", { tags: "S8" }, () => {
  it("nothing that a rule knows as a secret gets past it, in any field of any event", {
    tags: "F5.7",
  }, () => {
    const agent = keeper();
    const thread = threadThatKnows(agent);
    expect(new Set(cases.map(({ type }) => type)).size).toBeGreaterThan(17);
    const property = fc.property(
      fc.constantFrom(...cases),
      secret,
      fc.constantFrom("", "it is ", "(", "“"),
      ({ type, data, place }, hidden, before) => {
        const event = asEvent(type, put(data, place, `${before}${hidden}`));
        const [stored] = toStore([event], thread, agent);
        expect(canonicalJson(toJson(stored))).not.toContain(hidden);
        // What is redacted stays as it is: the door may be passed twice.
        expect(toStore(stored === undefined ? [] : [stored], thread, agent)).toEqual([stored]);
      },
    );
    fc.assert(property, { numRuns: propertyRuns(500) });
  });

  it("a field that is yet to come is content, and so is a secret by the name of its field", () => {
    const agent = keeper();
    const thread = threadThatKnows(agent);
    for (const type of Object.keys(EVENTS) as EventType[]) {
      for (const data of DATA[type]) {
        const event = asEvent(type, {
          ...JSON.parse(JSON.stringify(data)),
          later: { note: KNOWN, iban: "DE02 1203" },
        });
        const text = canonicalJson(toJson(toStore([event], thread, agent)));
        expect(text).not.toContain(KNOWN);
        expect(text).not.toContain("DE02 1203");
      }
    }
  });

  it("what is no content is stored as it is, even where it looks like a secret", () => {
    const agent = keeper();
    const thread = threadThatKnows(agent);
    const asked = {
      ...DATA.approval_requested[0],
      digest: "4111111111111111",
      policy: { approvers: ["mail:ada@example.com"] },
    };
    const [stored] = toStore([asEvent("approval_requested", toJson(asked))], thread, agent);
    expect(stored?.data).toMatchObject({ digest: asked.digest, policy: asked.policy });
    const message = asEvent("message_received", {
      text: "hi",
      from: { channel: "mail", id: "ada@example.com" },
    });
    expect(toStore([message], thread, agent)).toEqual([message]);
  });

  it("a name of a step that a model has made up is content", () => {
    const agent = keeper();
    const thread = threadThatKnows(agent);
    const madeUp = { intent: "sk-live-abcdefghijklmnop123456" };
    const events = [
      asEvent("step_proposed", { callId, step: madeUp, fidelity, completion }),
      asEvent("steps_dropped", { steps: [madeUp, step], reason: text }),
    ];
    const stored = toStore(events, thread, agent);
    expect(JSON.stringify(stored)).not.toContain(madeUp.intent);
    expect(stored[1]?.data).toMatchObject({ steps: [{}, { intent: step.intent }] });
  });

  it("what is recognised late in one write is recognised everywhere in it", () => {
    const agent = keeper();
    const thread = startThread({ agent: "keeper" }, 0);
    const events = [
      asEvent("step_proposed", {
        callId,
        step: { intent: "look", at: "tango-victor-99" },
        fidelity,
        completion,
      }),
      asEvent("tool_finished", { callId, result: { password: "tango-victor-99" } }),
    ];
    expect(JSON.stringify(toStore(events, thread, agent))).not.toContain("tango");
  });

  it("an event whose name holds a secret is refused, for it is found by its name", () => {
    const thread = startThread({ agent: "keeper" }, 0);
    const named = asEvent("event_received", {
      name: "paid 4111 1111 1111 1111",
      source: "shop",
      payload: null,
    });
    expect(() => toStore([named], thread, keeper())).toThrow("paid [card:1]; put it into the payload");
  });

  it("what an agent's own code says goes through it, whoever calls that code", { tags: "F5.7" }, async () => {
    type Own = { intent: "tell" | "pay" | "ask" | "bad" | "done" };
    const script = (["tell", "pay", "bad", "ask", "done"] as const).map((intent): Own => ({ intent }));
    const channel: Channel = {
      name: "broken",
      deliver: async () => {
        throw new Error(`cannot reach ${KNOWN}`);
      },
    };
    const summarized: unknown[] = [];
    const agent = defineAgent(scriptedSteps<Own>(script), {
      name: "keeper",
      context: { redact: {}, vault: createVault(), keepOutOfStore: true },
      prefetch: { news: { run: () => KNOWN, arguments: { about: KNOWN } } },
      steps: {
        tell: progress(() => `I use ${KNOWN}`),
        pay: tool(() => ({ with: KNOWN }), {
          approval: "always",
          judge: () => ({ verdict: "ask_person", reason: `it holds ${KNOWN}` }),
          preview: () => ({ uses: KNOWN }),
          summarize: (result) => {
            summarized.push(result);
            return `paid with ${KNOWN}`;
          },
        }),
        bad: tool(() => "never", { check: () => `${KNOWN} is not allowed` }),
        ask: askHuman(() => ({ question: `is it ${KNOWN}?`, context: KNOWN })),
        done: finish(() => ({ last: KNOWN })),
      },
    });
    const store = createMemoryStore();
    const runtime = createRuntime({ agents: [agent], store, channels: [channel] });
    const from = verifiedBy("web", "ada");
    const event = { name: "login", source: "test", payload: { password: KNOWN } };
    const { threadId } = await runtime.launch({ agent: "keeper", input: { event } });
    const asked = await runtime.settled(threadId);
    const { request } = asked.state;
    if (request?.type !== "approval") throw new Error(`no approval: ${asked.state.status.kind}`);
    const id = requestIdOf(threadId, request.seq);
    await runtime.respond(id, { decision: { kind: "approved" }, digest: request.digest }, from);
    const question = await runtime.settled(threadId);
    expect(question.state.status.kind).toBe("awaiting_human");
    await runtime.pause(threadId, from, `because of ${KNOWN}`);
    const fork = await runtime.fork(threadId, (await runtime.get(threadId)).state.seq, from);
    await runtime.resume(threadId, from);
    const answer = { decision: { kind: "answered", text: KNOWN } } as const;
    await runtime.respond(requestIdOf(threadId, question.state.request?.seq ?? 0), answer, from);
    const end = await runtime.settled(threadId);
    await runtime.stop();
    expect(end.state.status.kind).toBe("finished");
    const types = new Set(end.events.map(({ type }) => type));
    for (const type of [
      "notified",
      "step_judged",
      "context_compacted",
      "prefetched",
      "step_refused",
    ] as const)
      expect(types).toContain(type);
    expect(summarized).toEqual([{ with: "[secret:1]" }]);
    for (const one of [end.id, fork.id]) expect(JSON.stringify(await store.read(one))).not.toContain(KNOWN);
  });

  it("an event of the wrong shape is refused, naming the field", () => {
    const thread = startThread({ agent: "keeper" }, 0);
    const broken = asEvent("message_received", { text: 7, from: by });
    expect(() => toStore([broken], thread, keeper())).toThrow(
      "the text of a message_received event is missing or of the wrong kind",
    );
  });

  it("a message that is too long is refused; of a result that is too large a beginning is stored", () => {
    const agent = defineAgent(scriptedSteps<{ intent: "done" }>([]), {
      name: "keeper",
      steps: { done: finish(() => "done") },
    });
    const thread = startThread({ agent: "keeper" }, 0);
    const message = asEvent("message_received", { text: "x".repeat(1_000_001), from: by });
    expect(() => toStore([message], thread, agent)).toThrow("at most 1000000 are taken: send it in parts");
    const result = asEvent("tool_finished", { callId, result: "word ".repeat(2_100_000) });
    const [stored] = toStore([result], thread, agent);
    expect(JSON.stringify(stored).length).toBeLessThan(11_000);
    expect(JSON.stringify(stored)).toContain("at most 10000000 are stored. Ask for less of it.");
    const payload = asEvent("event_received", { name: "x", source: "y", payload: "word ".repeat(2_100_000) });
    expect(() => toStore([payload], thread, agent)).toThrow("store a reference to it");
  });

  it("nothing else in the sources appends to a thread that is stored", () => {
    const src = fileURLToPath(new URL("../../src", import.meta.url));
    const others = readdirSync(src, { recursive: true })
      .map(String)
      .filter((name) => /\.tsx?$/.test(name) && !/^(thread|store|testing|model)\//.test(name))
      .filter((name) => /\b(appendEvents|followingEvents)\(/.test(readFileSync(join(src, name), "utf8")));
    // The command `prompt` shows what a thread would be sent; it stores none.
    expect(others.sort()).toEqual(["agent/to-store.ts", "cli/commands/prompt.ts"]);
  });

  it("to a thread whose agent is not known here nothing is added but the end or a pause of it", () => {
    const thread = startThread({ agent: "gone" }, 0);
    const message = asEvent("message_received", { text: "hi", from: by });
    expect(() => toStore([message], thread, undefined)).toThrow('there is no agent "gone" here');
    const pause = asEvent("paused", { by, reason: "sk-live-abcdefghijklmnop123456 leaked" });
    expect(toStore([pause], thread, undefined)).toEqual([
      asEvent("paused", { by, reason: "[key removed] leaked" }),
    ]);
  });
});
