import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Clock } from "../../src/base/clock.ts";
import { promptFunction } from "../../src/prompts/prompt-function.ts";
import type { ModelClient } from "../../src/prompts/types.ts";
import { b } from "./baml_client/index.ts";
import { type Behaviour, type ProviderServer, providerServer } from "./servers/provider-server.ts";
import { openaiChatBodies } from "./servers/wire-bodies.ts";
import { WIRES, type Wire } from "./servers/wires.ts";

const DONE = '{"intent":"done_for_now","message":"hi"}';
const OK = { text: DONE };
const clock: Clock = { now: () => 0, sleep: async () => {} };
const next = promptFunction(b, "NextStep", { bamlFiles: undefined, clock });
const onPartial = () => {};

// The word for a good end as the wires' bodies write it, to be replaced by others.
const WORDS: Readonly<Record<string, string>> = {
  "openai-generic": '"stop"',
  "openai-responses": '"completed"',
  anthropic: '"end_turn"',
  google: '"STOP"',
  bedrock: '"end_turn"',
};
const wires = WIRES.filter(({ name }) => name in WORDS);

const GOOD = ["stop", "STOP", "end_turn", "stop_sequence", "eos", "completed"];
const CUT = ["length", "max_tokens", "MAX_TOKENS", "model_context_window_exceeded", "max_output_tokens"];
const FILTERS = [
  "content_filter",
  "sensitive",
  "guardrail_intervened",
  "refusal",
  "SAFETY",
  "RECITATION",
  "BLOCKLIST",
  "PROHIBITED_CONTENT",
  "SPII",
];
const FAILURES = [
  "error",
  "network_error",
  "insufficient_system_resource",
  "OTHER",
  "abort",
  "MALFORMED_FUNCTION_CALL",
];
const NONE = ["", "null", null, "FINISH_REASON_UNSPECIFIED"];
const UNKNOWN = ["tool_calls", "pause_turn", "moon_phase"];

function answersOf({ name, bodies, streams }: Wire, reason: string | null): [string, Behaviour, boolean][] {
  const say = (text: string) => text.replaceAll(WORDS[name] ?? "", JSON.stringify(reason));
  const whole: Behaviour = { bytes: Buffer.from(say(JSON.stringify(bodies.whole(OK)))) };
  const stream: Behaviour = { events: bodies.events(OK).map(say) };
  return [
    ["whole", whole, false],
    ...(streams ? [["streamed", stream, true] as [string, Behaviour, boolean]] : []),
  ];
}

describe.each(wires)("finish reasons of $name", (wire) => {
  let server: ProviderServer;
  let model: ModelClient;
  beforeAll(async () => {
    server = await providerServer(wire.bodies);
    model = wire.client(server.url);
  });
  afterAll(() => server.close());
  afterEach(() => expect(server.takeBack()).toBe(0));

  async function asked(reason: string | null, then: readonly Behaviour[] = []) {
    const answers = [];
    for (const [, behaviour, streamed] of answersOf(wire, reason)) {
      server.will(behaviour, ...then);
      answers.push(await next.call(["x"], { model, ...(streamed ? { onPartial } : {}) }));
    }
    return answers;
  }

  it.each(GOOD)("%s: the answer is whole", { tags: "F4.8" }, async (reason) => {
    for (const answer of await asked(reason)) {
      expect(answer).toMatchObject({ ok: true, fidelity: { grade: "exact" } });
    }
  });

  it.each(CUT)("%s: the answer is cut off and refused", { tags: "S4" }, async (reason) => {
    for (const answer of await asked(reason)) expect(answer).toMatchObject({ ok: false, reason: "cut_off" });
  });

  it.each(FILTERS)("%s: the answer is filtered and refused", { tags: "S4" }, async (reason) => {
    for (const answer of await asked(reason)) {
      expect(answer).toMatchObject({ ok: false, reason: "content_filtered" });
    }
  });

  it.each(FAILURES)("%s: a failed attempt, and another", { tags: "F9.9" }, async (reason) => {
    for (const answer of await asked(reason, [OK])) {
      expect(answer).toMatchObject({ ok: true, fidelity: { grade: "exact" } });
      expect(answer.completion.failedAttempts).toEqual([
        `${model.name}: the provider broke off the answer (${reason})`,
      ]);
    }
  });

  it.each(NONE)("%j: no end, so a failed attempt and another", { tags: "F9.9" }, async (reason) => {
    for (const answer of await asked(reason, [OK])) {
      expect(answer.ok).toBe(true);
      expect(answer.completion.failedAttempts?.[0]).toContain("ended before the answer did");
    }
  });

  it.each(UNKNOWN)(
    "%s: nobody knows whether it is whole, so that it is doubtful",
    {
      tags: "F4.8",
    },
    async (reason) => {
      for (const answer of await asked(reason)) {
        expect(answer).toMatchObject({
          ok: true,
          fidelity: { grade: "doubtful", reasons: ["unknown_finish"] },
        });
      }
    },
  );
});

describe("a chat stream", () => {
  let server: ProviderServer;
  let model: ModelClient;
  beforeAll(async () => {
    server = await providerServer(openaiChatBodies);
    model = { name: "m", provider: "openai-generic", options: { model: "m", base_url: `${server.url}/v1` } };
  });
  afterAll(() => server.close());
  afterEach(() => expect(server.takeBack()).toBe(0));

  const chunk = (content: string, finish: string | null, more: object = {}) =>
    JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: finish, ...more }] });
  const half = (finish: string | null) => [chunk(DONE.slice(0, 9), finish), chunk(DONE.slice(9), finish)];
  const ask = () => next.call(["x"], { model, onPartial });

  it.each(["", "null", "FINISH_REASON_UNSPECIFIED", "stop"])(
    "with the reason %j in each chunk is not whole when its connection breaks",
    { tags: "F9.9" },
    async (reason) => {
      server.will({ events: half(reason), atEnd: "reset" }, OK);
      const answer = await ask();
      expect(answer.completion.failedAttempts).toHaveLength(1);
      expect(answer).toMatchObject({ ok: true, fidelity: { grade: "exact" } });
    },
  );

  it("with [DONE] and no reason at all was cut", { tags: "F9.9" }, async () => {
    server.will({ events: [...half(null), "[DONE]"] }, OK);
    expect((await ask()).completion.failedAttempts).toEqual(["m: the stream ended before the answer did"]);
  });

  it("that said that it failed is not whole because it says `stop` afterwards", {
    tags: "F9.9",
  }, async () => {
    server.will({ events: [...half(null), chunk("", "network_error"), chunk("", "stop"), "[DONE]"] }, OK);
    expect((await ask()).completion.failedAttempts).toHaveLength(1);
  });

  it.each([
    ["an object", { error: { message: "boom", code: 502 } }, "502 boom"],
    ["a text", { error: "boom" }, "502 boom"],
  ])("with an error inside a choice, as %s, is a failed attempt", { tags: "F9.9" }, async (_, more, said) => {
    server.will({ events: [...half(null), chunk("", "stop", more), "[DONE]"] }, OK);
    expect((await ask()).completion.failedAttempts).toEqual([`m: ${said}`]);
  });

  it("a whole body with an error inside its choice is a failed attempt too", { tags: "F9.9" }, async () => {
    const message = { role: "assistant", content: "" };
    const body = { choices: [{ message, finish_reason: "stop", error: { message: "boom", code: 500 } }] };
    server.will({ status: 200, body }, OK);
    const answer = await next.call(["x"], { model });
    expect(answer.completion.failedAttempts).toEqual(["m: 500 boom"]);
  });

  it("with a refusal in an event is refused", { tags: "S4" }, async () => {
    server.will({ events: ['{"choices":[{"delta":{"refusal":"no"}}]}', chunk("", "stop"), "[DONE]"] });
    expect(await ask()).toMatchObject({ ok: false, reason: "content_filtered" });
  });
});
