import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { getBamlFiles } from "../../baml_client/inlinedbaml.ts";
import type { Agent } from "../../src/agent/agent.ts";
import { calculator } from "../../src/agents/calculator/agent.ts";
import type { Json } from "../../src/base/json.ts";
import { exportJson } from "../../src/present/index.ts";
import { threadOfCase } from "../../src/workbench/evals/case-thread.ts";
import { checkAnswer } from "../../src/workbench/evals/check-answer.ts";
import type { EvalCase, Expectation } from "../../src/workbench/evals/dataset.ts";
import { problemOf } from "../../src/workbench/evals/predicate.ts";
import { parseDataset, readDatasets } from "../../src/workbench/evals/read-dataset.ts";
import { agentAt } from "../../src/workbench/revision.ts";

const yaml = (text: string) => parseDataset(text, { file: "evals/a.yaml", agent: "calculator" });
const lines = (...cases: unknown[]) =>
  parseDataset(cases.map((one) => (typeof one === "string" ? one : JSON.stringify(one))).join("\n"), {
    file: "evals/a.jsonl",
    agent: "calculator",
  });

describe("F2.16 datasets", { tags: "F2.16" }, () => {
  it("are YAML, with what applies to all cases above them", () => {
    const { name, cases } = yaml(`agent: support
severity: must
cases:
  - message: hello
    expect: { intent: greet }
  - name: other
    agent: calculator
    severity: should
    message: 1 + 1
    expect:
      fields:
        a: { atLeast: 1 }
`);
    expect(name).toBe("a");
    expect(cases).toEqual([
      {
        name: "hello",
        agent: "support",
        severity: "must",
        message: "hello",
        expect: { intent: "greet" },
        file: "evals/a.yaml",
        line: 4,
      },
      expect.objectContaining({ name: "other", agent: "calculator", severity: "should", line: 6 }),
    ]);
  });

  it("are JSON Lines, one case a line", () => {
    const { cases } = lines({ name: "a", message: "x", expect: { intent: "add" } }, "", {
      name: "b",
      message: "y",
      expect: { intent: "add" },
    });
    expect(cases.map(({ name, line }) => [name, line])).toEqual([
      ["a", 1],
      ["b", 3],
    ]);
  });

  it.each([
    ["", "evals/a.yaml:1: the dataset has no cases"],
    ["agent: calculator\ncases: []\n", "evals/a.yaml:1: the dataset has no cases"],
    [
      "- message: x\n  expect:\n    intend: add\n",
      'evals/a.yaml:3: expect.intend: unknown expectation "intend"; known: intent, fields, grade, checks, judge, anyOf, not, steps, anyStep',
    ],
    [
      "- message: x\n  expect: { intent: add }\n  sevrity: must\n",
      'evals/a.yaml:3: sevrity: unknown option "sevrity"',
    ],
    [
      "- message: x\n  expect:\n    intent: add\n    fields:\n      a:\n        contain: 3\n",
      'evals/a.yaml:6: expect.fields.a.contain: unknown expectation "contain"',
    ],
    [
      "- message: x\n  expect:\n    anyOf:\n      - intent: add\n      - intents: [add]\n",
      'evals/a.yaml:5: expect.anyOf.1.intents: unknown expectation "intents"',
    ],
    ["- message: x\n  expect: {}\n", "evals/a.yaml:2: expect: expects nothing"],
    ["- message: x\n", "evals/a.yaml:1: has no expect, so that it would always pass"],
    ["- expect: { intent: add }\n", "evals/a.yaml:1: needs one of message, thread or events"],
    [
      "- message: x\n  thread: [{ message: y }]\n  expect: { intent: add }\n",
      "evals/a.yaml:1: needs one of message, thread or events",
    ],
    [
      "- name: a\n  message: x\n  expect: { intent: add }\n- name: a\n  message: y\n  expect: { intent: add }\n",
      'evals/a.yaml:4: the name "a" is that of the case in line 1 already',
    ],
    [
      "- thread:\n    - message: x\n    - step: { intent: add, a: 1 }\n  expect: { intent: add }\n",
      "evals/a.yaml:3: thread.1: a step needs one of result, error, answer, denied, finished",
    ],
    ["- message: x\n  expect: { intent: add\n", "evals/a.yaml:"],
    ["- message: x\n  message: y\n  expect: { intent: add }\n", "evals/a.yaml:2: Map keys must be unique"],
    [
      "- message: x\n  severity: high\n  expect: { intent: add }\n",
      "evals/a.yaml:2: severity: must be one of",
    ],
    [
      "- message: x\n  expect: { intent: add, fields: { a: { matches: '(' } } }\n",
      "evals/a.yaml:2: expect.fields.a.matches: must be a regular expression",
    ],
    ["hello", "evals/a.yaml:1: must be an object"],
  ])("a mistake is named with file and line: %j", (text, message) => {
    expect(() => yaml(text)).toThrow(message);
  });

  it.each([
    [
      "- message: x\n  expect:\n    intent: ad\n",
      'evals/a.yaml:3: expect.intent: the agent calculator has no intent "ad"; known: ',
    ],
    [
      "- message: x\n  expect:\n    intent: add\n    fields:\n      a: 1\n      amount: 2\n",
      'evals/a.yaml:6: expect.fields.amount: add has no field "amount"; known: ',
    ],
    [
      "- message: x\n  expect:\n    not:\n      fields: { amount: 2 }\n",
      'evals/a.yaml:4: expect.not.fields.amount: no step of calculator has a field "amount"',
    ],
    [
      "- message: x\n  expect:\n    anyOf:\n      - intent: add\n      - steps: [{ intent: add }, { intent: subb }]\n",
      "evals/a.yaml:5: expect.anyOf.1.steps.1.intent: the agent calculator has no intent",
    ],
    [
      "- message: x\n  expect: { anyStep: { judge: kind } }\n",
      'evals/a.yaml:2: expect.anyStep.judge: there is no judge "kind"',
    ],
    [
      "- message: x\n  agent: adder\n  expect: { intent: add }\n",
      'evals/a.yaml:2: agent: there is no agent "adder"',
    ],
  ])("what the project does not have is named with file and line: %j", (text, message) => {
    const known = { agents: [calculator], judges: {} };
    const parse = (source: string) =>
      parseDataset(source, { file: "evals/a.yaml", agent: "calculator", known });
    expect(() => parse(text)).toThrow(message);
    // Before somebody has looked at it, a case may be about a step of an earlier prompt.
    expect(parse(text.replace("  expect", "  review: true\n  expect")).cases).toHaveLength(1);
    expect(
      parse("- message: x\n  expect: { intent: add, fields: { a: 1, intent: add } }\n").cases,
    ).toHaveLength(1);
  });

  it("an agent above the cases that the project does not have is named where it stands", () => {
    const text = "# Sums.\nagent: adder\ncases:\n  - message: x\n    expect: { intent: add }\n";
    const known = { agents: [calculator], judges: {} };
    expect(() => parseDataset(text, { file: "evals/a.yaml", known })).toThrow(
      'evals/a.yaml:2: agent: there is no agent "adder"',
    );
  });

  it("a check that the prompt does not declare is named with file and line, also one that stands in a comment or a text", () => {
    const files = getBamlFiles();
    const source = files["calculator.baml"] ?? "";
    const checked = source.replace(
      /^( {2}a (?:int|float|number)[^\n]*)/m,
      "$1 @check(positive, {{ this > 0 }}) // @check(commented, {{ true }})\n",
    );
    expect(checked).not.toBe(source);
    const parseFor = (agent: Agent, checks: string) =>
      parseDataset(`- message: x\n  expect:\n    not:\n      checks: ${checks}\n`, {
        file: "evals/a.yaml",
        agent: "calculator",
        known: { agents: [agent], judges: {} },
      });
    const agent = agentAt(calculator, { name: "now", files: { ...files, "calculator.baml": checked } });
    expect(parseFor(agent, "[positive]").cases).toHaveLength(1);
    expect(parseFor(agent, "all").cases).toHaveLength(1);
    for (const name of ["nope", "commented"])
      expect(() => parseFor(agent, `[positive, ${name}]`)).toThrow(
        `evals/a.yaml:4: expect.not.checks.1: the prompt of calculator has no BAML check "${name}"; known: positive`,
      );
    expect(() => parseFor(calculator, "all")).toThrow(
      "evals/a.yaml:4: expect.not.checks: the prompt of calculator declares no BAML checks",
    );
  });

  it("a mistake in a JSON line is named with its line", () => {
    const good = { message: "x", expect: { intent: "add" } };
    expect(() => lines(good, "{")).toThrow("evals/a.jsonl:2: no JSON");
    expect(() => lines(good, { ...good, message: "y", expct: 1 })).toThrow(
      'evals/a.jsonl:2: expct: unknown option "expct"',
    );
  });

  it("are all files of evals/, or those that are named", () => {
    const folder = mkdtempSync(join(tmpdir(), "twelvefold-"));
    expect(() => readDatasets({ folder })).toThrow("there are no datasets in evals/");
    mkdirSync(join(folder, "evals"));
    const text = "- { message: x, agent: calculator, expect: { intent: add } }\n";
    for (const name of ["b.yaml", "a.yml", "notes.txt"]) writeFileSync(join(folder, "evals", name), text);
    expect(readDatasets({ folder }).map(({ file }) => file)).toEqual(["evals/a.yml", "evals/b.yaml"]);
    expect(readDatasets({ folder, only: ["b"] }).map(({ file }) => file)).toEqual(["evals/b.yaml"]);
    expect(readDatasets({ folder, only: ["evals/b.yaml"] }).map(({ name }) => name)).toEqual(["b"]);
    expect(() => readDatasets({ folder, only: ["c"] })).toThrow('there is no dataset "c": there are a, b');
  });
});

describe("F2.16 a case's thread", { tags: "F2.16" }, () => {
  const base: EvalCase = {
    name: "a",
    agent: "calculator",
    severity: "should",
    expect: {},
    file: "evals/a.yaml",
    line: 7,
  };
  const threadFor = (extra: Partial<EvalCase>, folder = ".") =>
    threadOfCase({ ...base, ...extra }, calculator, folder);

  it("is what has happened, written short, as the engine would have stored it", () => {
    const thread = threadFor({
      thread: [
        { message: "divide 12 by feee and add 1" },
        { step: { intent: "request_more_information", message: "Which number?" }, answer: "4" },
        { step: { intent: "divide", a: 12, b: 3 }, denied: "by 4" },
        { step: { intent: "add", a: 1, b: 1 }, result: 2 },
        { step: { intent: "divide", a: 1, b: 0 }, error: "division by zero" },
        { step: { intent: "done_for_now", message: "Done." }, finished: "Done." },
        { message: "and now 2 + 2" },
      ],
    });
    const rendered = calculator.context.render(thread);
    for (const text of [
      "<request_more_information>",
      "denied: divide",
      "feedback: by 4",
      "<add_result>\n2",
      "<divide_error>\ndivision by zero",
      "and now 2 + 2",
    ]) {
      expect(rendered).toContain(text);
    }
  });

  it("is an exported thread, up to an event; the same case makes the same request", () => {
    const exported = threadFor({
      thread: [{ message: "add 1 and 2" }, { step: { intent: "add", a: 1, b: 2 }, result: 3 }],
    });
    const folder = mkdtempSync(join(tmpdir(), "twelvefold-"));
    mkdirSync(join(folder, "evals"));
    writeFileSync(join(folder, "evals/thread.json"), exportJson(exported));
    expect(threadFor({ thread: "thread.json" }, folder).events).toEqual(exported.events);
    expect(threadFor({ thread: "thread.json", at: 2 }, folder).events).toHaveLength(2);
    const events = exported.events as unknown as Json[];
    expect(threadFor({ events, at: 2 }).events).toEqual(exported.events.slice(0, 2));
    expect(() => threadFor({ events, at: 99 })).toThrow("evals/a.yaml:7: there is no event 99");
    expect(() => threadFor({ thread: "nowhere.json" }, folder)).toThrow(/evals\/a\.yaml:7: .*nowhere\.json/);
  });

  it("is refused where the model would not be asked, or what is written cannot happen", () => {
    const done = { step: { intent: "done_for_now", message: "Done." }, finished: "Done." };
    expect(() => threadFor({ thread: [{ message: "x" }, done] })).toThrow(
      "evals/a.yaml:7: the model would not be asked here: the thread is finished",
    );
    expect(() => threadFor({ thread: [{ message: "x" }, done, done] })).toThrow("cannot happen here");
    expect(() => threadFor({ agent: "support", message: "x" })).toThrow(
      "the thread is one of agent support, not calculator",
    );
  });
});

describe("F2.16 expectations", { tags: "F2.16" }, () => {
  const holds = async (raw: string, expected: Expectation, judges: Record<string, boolean> = {}) =>
    (
      await checkAnswer(calculator.nextStep.parse(raw, { events: [] }), expected, async (name) => ({
        pass: judges[name] ?? false,
        score: 0.5,
        reason: "so",
      }))
    ).failures;

  it.each<[Json | undefined, Json, string | undefined]>([
    [3, 3, undefined],
    [3, 4, "must be 4, not 3"],
    [undefined, 4, "must be 4, not absent"],
    [{ b: 1, a: 2 }, { equals: { a: 2, b: 1 } }, undefined],
    ["the result is 18", { contains: "18" }, undefined],
    [[1, 2], { contains: 2 }, undefined],
    [[1, 2], { contains: 3 }, "must contain 3, not [1,2]"],
    ["Hello", { matches: "^h" }, 'must match "^h", not "Hello"'],
    ["Hello", { matches: "(?i)^h" }, undefined],
    [5, { above: 4, below: 6, atLeast: 5, atMost: 5 }, undefined],
    [5, { above: 5 }, "must be above 5, not 5"],
    ["5", { above: 4 }, 'must be above 4, not "5"'],
    [null, { absent: true }, undefined],
    [0, { absent: true }, "must be absent: true, not 0"],
    [2, { oneOf: [1, 2] }, undefined],
    [2, { not: { oneOf: [1, 2] } }, 'must not be {"oneOf":[1,2]}, not 2'],
  ])("%j against %j", (value, predicate, problem) => {
    expect(problemOf(value, predicate)).toBe(problem);
  });

  it("all that are named must hold, and what does not is said", async () => {
    const add = '{"intent": "add", "a": 3, "b": 4}';
    expect(await holds(add, { intent: "add", fields: { a: 3, b: { above: 3 } }, grade: "exact" })).toEqual(
      [],
    );
    expect(await holds(add, { intent: ["divide", "multiply"], fields: { a: 9 } })).toEqual([
      "intent must be divide or multiply, not add",
    ]);
    expect(await holds(add, { anyOf: [{ fields: { a: 4 } }, { fields: { a: 3 } }] })).toEqual([]);
    expect(await holds(add, { anyOf: [{ fields: { a: 4 } }, { intent: "divide" }] })).toEqual([
      "none of 2 alternatives holds: a must be 4, not 3; intent must be divide, not add",
    ]);
    expect(await holds(add, { not: { intent: "add" } })).toEqual(['must not be {"intent":"add"}']);
    expect(await holds(`Sure! ${add}`, { grade: "tolerant" })).toEqual([
      "the grade must be tolerant, not doubtful (it has text beside the JSON)",
    ]);
    expect(await holds("I cannot", { not: { intent: "add" } })).toEqual([
      expect.stringContaining("the answer was refused"),
    ]);
    expect(await holds(add, { judge: ["kind", "short"] }, { kind: true })).toEqual([
      "the judge short says no: so",
    ]);
    expect(await holds(add, { checks: "all" })).toEqual(["the answer has no BAML checks"]);
  });

  it("BAML's checks count by name, and fields are read without them", async () => {
    const amount = {
      value: 50,
      checks: {
        positive: { name: "positive", expression: "this > 0", status: "succeeded" },
        small: { name: "small", expression: "this < 10", status: "failed" },
      },
    };
    const answer = {
      ...calculator.nextStep.parse('{"intent": "add", "a": 3, "b": 4}', { events: [] }),
      value: { intent: "pay", amount },
    };
    const failures = async (expected: Expectation) =>
      (await checkAnswer(answer, expected, async () => ({ pass: true }))).failures;
    expect(await failures({ fields: { amount: 50 }, checks: ["positive"] })).toEqual([]);
    expect(await failures({ checks: "all" })).toEqual(["the BAML check small failed"]);
    expect(await failures({ checks: ["other"] })).toEqual(["the answer has no BAML check other"]);
  });

  it("of several steps that would run, each counts", async () => {
    const first = calculator.nextStep.parse('{"intent": "add", "a": 3, "b": 4}', { events: [] });
    const second = { intent: "divide", a: 1, b: 0 };
    const exact = { grade: "exact", reasons: [] } as const;
    const doubtful = { grade: "doubtful", reasons: [] } as const;
    const more = [{ value: second, fidelity: doubtful }];
    const list = { ...first, value: [{ intent: "add", a: 3, b: 4 }, second], fidelity: exact };
    const judged: string[] = [];
    const failures = async (answer: object, expected: Expectation, several?: "first" | "in_order") => {
      const judge = async (_: string, { intent }: { intent: string }) => {
        judged.push(intent);
        return { pass: intent === "add" };
      };
      return (await checkAnswer(answer as typeof first, expected, judge, several)).failures;
    };
    for (const answer of [{ ...first, more }, list]) {
      expect(await failures(answer, { intent: "add" }, "in_order")).toEqual([
        "one step is expected, not 2 (add, divide): say under steps what each must be",
      ]);
      expect(await failures(answer, { not: { intent: "divide" } }, "in_order")).toHaveLength(1);
      expect(await failures(answer, { not: { intent: "multiply" } }, "in_order")).toEqual([]);
      const steps = [{ intent: "add", fields: { a: 3 } }, { intent: "divide" }];
      expect(await failures(answer, { steps }, "in_order")).toEqual([]);
      expect(await failures(answer, { steps: [{ intent: "add" }] }, "in_order")).toEqual([
        "1 steps are expected, not 2 (add, divide)",
      ]);
      expect(
        await failures(answer, { steps: [{ intent: "add" }, { fields: { a: 2 } }] }, "in_order"),
      ).toEqual(["step 2: a must be 2, not 1"]);
      expect(await failures(answer, { anyStep: { intent: "divide", fields: { b: 0 } } }, "in_order")).toEqual(
        [],
      );
      expect(await failures(answer, { anyStep: { intent: "divide", fields: { b: 1 } } }, "in_order")).toEqual(
        [expect.stringContaining("no step is as expected: step 1: ")],
      );
      expect(await failures(answer, { judge: "kind" }, "in_order")).toEqual([
        "divide: the judge kind says no",
      ]);
      // An agent that takes only the first step runs no other.
      expect(await failures(answer, { intent: "add", not: { intent: "divide" } }, "first")).toEqual([]);
    }
    expect(await failures({ ...first, more }, { grade: "exact" }, "in_order")).toEqual([
      expect.stringContaining("divide: the grade must be exact, not doubtful"),
    ]);
  });
});
