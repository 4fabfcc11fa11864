import { describe, expect, it } from "vitest";
import { getBamlFiles } from "../../baml_client/inlinedbaml.ts";
import { type AgentOptions, defineAgent } from "../../src/agent/agent.ts";
import { readIntents } from "../../src/prompts/baml/intents.ts";
import { askHuman, finish, progress, sleep, tool, waitForEvent } from "../../src/steps/steps.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";

type Step = { intent: "pay"; amount: number } | { intent: "done" };

function define(changes: object, payOptions: object = {}): () => unknown {
  const options: AgentOptions<[string], Step> = {
    name: "shop",
    steps: { pay: tool(({ amount }) => amount, payOptions), done: finish(() => "done") },
    ...changes,
  };
  return () => defineAgent(scriptedSteps<Step>([]), options);
}

describe("the options of defineAgent", () => {
  it.each<[string, object, string]>([
    ["an unknown option", { severalStep: "first" }, 'unknown option "severalStep"; known: name, description'],
    ["an empty name", { name: "" }, "agent : name:"],
    ["a name with blanks around it", { name: " shop" }, "has blanks around it"],
    ["an unknown way with several steps", { severalSteps: "all" }, "severalSteps:"],
    ["no attempt at all", { limits: { attemptsPerTool: 0 } }, "limits.attemptsPerTool:"],
    [
      "errors without end",
      { limits: { consecutiveErrors: Number.POSITIVE_INFINITY } },
      "limits.consecutiveErrors:",
    ],
    ["a misspelt limit", { limits: { repeat: 2 } }, 'unknown option "repeat"'],
    ["a negative budget", { budget: { steps: -1 } }, "budget.steps:"],
    ["a budget that is NaN", { budget: { tokens: Number.NaN } }, "budget.tokens:"],
    ["prices without a default", { budget: { money: { limit: 1, prices: {} } } }, "budget.money.prices.*:"],
    ["time without end", { budget: { time: Number.POSITIVE_INFINITY } }, "budget.time:"],
    ["a name that looks like another", { name: "sh\u200bop" }, "holds characters that nobody sees"],
    ["a name of two lines", { name: "shop\nshop" }, "holds characters that nobody sees"],
    ["a name without end", { name: "shop".repeat(51) }, "has 204 characters; at most 200 are taken"],
    ["prefetches that are none", { prefetch: 7 }, "prefetch: must be an object"],
    [
      "a misspelt policy of the token budget",
      { context: { budget: { tokens: 9_000, policies: ["forgot"] } } },
      "context.budget.policies.0: must be one of",
    ],
    ["a misspelt setting of the context", { context: { redacted: {} } }, 'unknown option "redacted"'],
    ["a misspelt rule of redaction", { context: { redact: { feilds: [] } } }, 'unknown option "feilds"'],
    ["an unknown format", { context: { format: "toml" } }, "context.format: must be xml"],
    ["something to fetch without code", { prefetch: { news: {} } }, "prefetch.news.run:"],
    [
      "a fetch that never ends",
      { prefetch: { news: { run: () => 1, timeoutMs: Number.POSITIVE_INFINITY } } },
      "timeoutMs",
    ],
  ])("%s is refused", (_, changes, message) => {
    expect(define(changes)).toThrow(message);
    expect(define(changes)).toThrow(expect.objectContaining({ code: "invalid_configuration" }));
  });

  it.each<[string, object, string]>([
    ["an unknown option", { aproval: "always" }, 'agent shop, step pay: unknown option "aproval"'],
    ["a time-out of nothing", { timeoutMs: 0 }, "timeoutMs:"],
    ["a time-out without end", { timeoutMs: Number.POSITIVE_INFINITY }, "timeoutMs:"],
    ["an unknown grade", { accepts: "sloppy" }, "accepts:"],
    ["arguments that are no schema", { arguments: {} }, "arguments: must be a Standard Schema"],
    ["a cache of a tool with effects", { cacheSeconds: 5 }, "not readOnly"],
    ["an empty version", { version: "" }, "version:"],
    ["an approval that is a number", { approval: 0 }, 'wanted "never", "always", a policy or a function'],
    ["an approval that is true", { approval: true }, 'wanted "never", "always", a policy or a function'],
    [
      "an escalation after the end",
      { approval: { expiresAfter: 60, escalation: [{ after: 60, to: ["web:ada"] }] } },
      "it escalates after 60 s, when it has expired after 60 s",
    ],
  ])("of a step %s is refused", (_, payOptions, message) => {
    expect(define({}, payOptions)).toThrow(message);
  });

  it("a limit or budget that is undefined is the default, not none", { tags: ["F9.5", "F10.1"] }, () => {
    const agent = define({
      limits: {
        consecutiveErrors: undefined,
        attemptsPerTool: undefined,
        repeats: undefined,
        onLimit: undefined,
      },
      budget: { steps: undefined },
    })();
    expect(agent).toMatchObject({
      limits: { consecutiveErrors: 3, attemptsPerTool: 3, repeats: 3, onLimit: "ask" },
      budget: { steps: 20 },
    });
  });

  it("a handler that is not wrapped is named, with what to do", () => {
    expect(define({ steps: { pay: () => 1, done: finish(() => "") } })).toThrow(
      "agent shop: pay is a function: wrap it in tool()",
    );
    expect(define({ steps: { pay: { run: () => 1 }, done: finish(() => "") } })).toThrow("pay is no step");
    const unknown = { kind: "toll", run: () => 1, options: {} };
    expect(define({ steps: { pay: unknown, done: finish(() => "") } })).toThrow('the kind "toll"');
  });

  it("a step without code is refused where it is made, or where the agent is", () => {
    const nothing: never[] = [];
    for (const step of [tool, finish, progress])
      expect(() =>
        define({ steps: { pay: Reflect.apply(step, undefined, nothing), done: finish(() => "") } })(),
      ).toThrow(/step pay: \w+: must be a function/);
    for (const step of [askHuman, sleep, waitForEvent])
      expect(() => Reflect.apply(step, undefined, nothing)).toThrow(`${step.name}: must be a function`);
  });

  it("a prompt function that cannot be asked is refused", () => {
    const options = { name: "shop", steps: {} };
    for (const none of [undefined, null, () => 1, { call: () => 1 }])
      expect(() => Reflect.apply(defineAgent, undefined, [none, options])).toThrow(
        "the prompt function: must be an object with call, request, parse",
      );
  });

  it("handlers are compared with the intents of the prompt", { tags: "F1.2" }, () => {
    const nextStep = { ...scriptedSteps<Step>([]), intents: ["pay", "refund"] };
    const misfit = () =>
      defineAgent(nextStep, { name: "shop", steps: { pay: tool(() => 1), done: finish(() => "") } });
    expect(misfit).toThrow(
      "agent shop: no code handles refund: add to its `steps` `refund: tool((step) => …)`; the prompt has no done: take it out of `steps`, or give the prompt such an intent. If the prompt is as it should be, generate the BAML client anew",
    );
  });
});

describe("the intents of a BAML function", { tags: "F1.2" }, () => {
  it("are read from its files: through aliases and lists, past comments", () => {
    const files = getBamlFiles();
    expect(readIntents(files, "DetermineNextStep")).toEqual(
      expect.arrayContaining(["add", "divide", "request_more_information", "done_for_now"]),
    );
    const source = `
      class A {
        intent "a" | "b" // "no"
        text string
      }
      type More = A | B[] // and C
      // class D { intent "d" }
      class B { // the first line
        intent ("c")
      }
      function Next(x: string) -> More { prompt #"-> D {"# }
      function Open(x: string) -> A | C { prompt #""# }
      class C {
        intent string
      }
      function Dynamic(x: string) -> E { prompt #""# }
      class E {
        intent "e"
        @@dynamic
      }
      function Text(x: string) -> string { prompt #""# }`.replaceAll("\n      ", "\n");
    expect(readIntents({ "main.baml": source }, "Next")).toEqual(["a", "b", "c"]);
    for (const name of ["Open", "Dynamic", "Text", "Nobody"])
      expect(readIntents({ "main.baml": source }, name)).toBeUndefined();
  });
});
