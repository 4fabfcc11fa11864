import { describe, expect, it } from "vitest";
import { readReturnType, UNKNOWN } from "../../src/prompts/baml/declared-type.ts";
import { NO_ENUMS } from "../../src/prompts/baml/enums.ts";
import { bamlFunction } from "../../src/prompts/baml/generated-client.ts";
import { NO_ALIASES } from "../../src/prompts/baml/source.ts";
import { costOf } from "../../src/prompts/gate/allowance.ts";
import { trimBlank } from "../../src/prompts/gate/form.ts";
import { learnIntents } from "../../src/prompts/gate/intents.ts";
import { DEFAULT_ANSWER_LIMITS } from "../../src/prompts/gate/limits.ts";
import { readCompletion } from "../../src/prompts/gate/read-completion.ts";
import { type Reading, resultKind } from "../../src/prompts/gate/reading.ts";
import { sizeOf } from "../../src/prompts/gate/sample.ts";
import { withoutThinking } from "../../src/prompts/gate/thinking.ts";
import { propertyRuns } from "../property-runs.ts";
import { b } from "./baml_client/index.ts";
import { getBamlFiles } from "./baml_client/inlinedbaml.ts";
import { type HOSTILE_FUNCTIONS, hostileCompletion } from "./completions/hostile-sizes.ts";

/** What one reading gave to the native parser. */
interface Work {
  calls: number;
  characters: number;
  /** Of the largest text that was strict JSON and did not come out as it was: each may cost a millisecond. */
  textsOfMisfits: number;
  /** The most items of a list. */
  longest: number;
}

type Name = (typeof HOSTILE_FUNCTIONS)[number] | "Post";

/** What the first reading of a function learns. */
const known = new Map<Name, ReturnType<typeof learn>>();

function learn(name: Name) {
  const parse = (text: string) => bamlFunction(b, name).parse(text, {});
  return {
    kind: resultKind(parse),
    intents: learnIntents(parse),
    type: readReturnType(getBamlFiles(), name),
  };
}

function knownOf(name: Name): ReturnType<typeof learn> {
  const found = known.get(name) ?? learn(name);
  known.set(name, found);
  return found;
}

function readAndCount(name: Name, completion: string, constrained = false): Work & { reading: Reading } {
  const fn = bamlFunction(b, name);
  const work: Work = { calls: 0, characters: 0, textsOfMisfits: 0, longest: 0 };
  const parse = (text: string): unknown => {
    work.calls += 1;
    work.characters += text.length;
    let value: unknown;
    let fitted = false;
    try {
      value = fn.parse(text, {});
      fitted = true;
      return value;
    } finally {
      const json = asJson(text);
      work.longest = Math.max(work.longest, ...lengthsIn(json));
      if (json !== undefined && (!fitted || sizeOf(value).texts < sizeOf(json).texts)) {
        work.textsOfMisfits = Math.max(work.textsOfMisfits, sizeOf(json).texts);
      }
    }
  };
  const { kind, intents, type } = knownOf(name);
  const settings = {
    parse,
    aliases: () => NO_ALIASES,
    enums: () => NO_ENUMS,
    stepFields: () => undefined,
    returns: () => (constrained ? UNKNOWN : type),
    costOf: (value: unknown) => costOf(value, { width: intents?.length ?? 1, longest: 1_000_000 }),
    limits: DEFAULT_ANSWER_LIMITS,
    prose: "none",
    kind,
    constrained: () => constrained,
    intents,
  } as const;
  return { reading: readCompletion(completion, settings), ...work };
}

/** The lengths of all lists in a value. */
function lengthsIn(value: unknown): number[] {
  if (typeof value !== "object" || value === null) return [];
  const inside = Object.values(value).flatMap(lengthsIn);
  return Array.isArray(value) ? [value.length, ...inside] : inside;
}

const refund = '{"intent":"refund","order_id":"A1","amount":40}';

const written = (character: string): string => `\\u${character.charCodeAt(0).toString(16)}`;

/** Absent optional fields come as `null`. */
function withoutNulls(value: unknown): unknown {
  return Object.fromEntries(Object.entries(value ?? {}).filter(([, field]) => field !== null));
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

describe("a completion that is meant to stop the process", { tags: "S1", timeout: 300_000 }, () => {
  it("gives the native parser no more than it can read at once, whatever its shape", () => {
    for (let number = 0; number < propertyRuns(400); number += 1) {
      const { name, kind, text } = hostileCompletion(number);
      const { calls, characters, textsOfMisfits } = readAndCount(name, text);
      const which = `completion ${number}, ${kind} for ${name}`;
      expect(calls, which).toBeLessThanOrEqual(40);
      // A short text may be looked at a few times more: that costs microseconds.
      expect(characters, which).toBeLessThanOrEqual(4 * text.length + 400);
      // What is text for the type is not looked into.
      if (name !== "Summarize") expect(textsOfMisfits, which).toBeLessThanOrEqual(80);
    }
  });

  it("reads a long list, however long, and gives the native parser no long one", () => {
    const stamps = Array.from({ length: 997 }, (_, index) => `{"cents":${index}.0}`);
    const post = (items: readonly string[], end = "") =>
      `{"intent":"post","content":{"kind":"letter","pages":1},"stamps":[${items.join()}]${end}}`;
    const tags = Array.from({ length: 2_400 }, (_, index) => `"t${index}"`);
    const search = `{"intent":"search","tags":[${tags.join()}],"query":"x"}`;
    for (const [name, text] of [
      ["Post", post(stamps)],
      ["NextStep", search],
    ] as const) {
      const { reading, longest } = readAndCount(name, text);
      expect(longest).toBeLessThanOrEqual(160);
      const [read] = reading.ok ? reading.values : [];
      expect([...(read?.reasons ?? ["refused"])], name).toEqual([]);
      expect(withoutNulls(read?.value)).toEqual(asJson(text));
    }
    // One item that does not fit is found.
    const wrong = readAndCount("Post", post(stamps.with(700, '{"cents":"many"}')));
    expect(wrong.reading).not.toMatchObject({ ok: true, values: [{ reasons: new Set() }] });
  });

  const strings = (count: number) => Array.from({ length: count }, (_, index) => `text ${index}`);
  it.each([
    ["a list of 80,000 texts", JSON.stringify(strings(80_000))],
    [
      "a step with a list of 8,000 texts",
      JSON.stringify({ intent: "search", query: "x", tags: strings(8_000) }),
    ],
    [
      "a number that is a list of 250 texts",
      JSON.stringify({ intent: "refund", order_id: "A1", amount: strings(250) }),
    ],
    ["the same, in need of repair", `{intent: refund, order_id: A1, amount: [${strings(250).join()}]}`],
    [
      "a field that is there 2,000 times",
      `{"intent":"search",${Array(2_000).fill('"query":"x"').join()},"tags":[]}`,
    ],
    ["quotes that nothing parts", `{"intent":"refund","amount":${'" x '.repeat(1_500)}}`],
    ["the same, with backslashes", `{"intent":"refund","amount":${'\\\\" x '.repeat(1_500)}}`],
    ["a name of a field without end", `{"intent":"search","${"x".repeat(900_000)}":1}`],
    ["10,000 objects in need of repair", "{intent: refund, amount: x},".repeat(10_000)],
    ["a number of 900,000 digits", `{"intent":"refund","order_id":"A1","amount":${"9".repeat(900_000)}}`],
    ["a number of 16,000 digits", `{"intent":"refund","order_id":"A1","amount":0.${"3".repeat(16_000)}}`],
    ["backticks in need of repair", `[${"`".repeat(1_000)}]`],
    ["fences in need of repair", `[${"```json\n{}\n```\n".repeat(30)}]`],
    ["brackets that close nothing", `{"intent":"refund"${"}".repeat(900_000)}`],
    ["strings with nothing between them", `{"intent":"refund"${'""'.repeat(400_000)}`],
    ["words without end", `The refund is: ${"word ".repeat(100_000)}`],
    ["tags of thoughts without end", "<think>".repeat(120_000)],
    ["tokens of a template without end", `{"intent":"done_for_now"}${"<|a|>".repeat(150_000)}`],
    ["the gate's own marks without end", `${"\u0001".repeat(900_000)}{"intent":"done_for_now"}`],
  ])("is refused before the native parser sees it: %s", (_, text) => {
    const { reading, characters } = readAndCount("NextStep", text);
    expect(reading).toMatchObject({ ok: false });
    expect(characters).toBeLessThan(500);
  });

  it("is read once where it is no more than a long text with an end that is missing", () => {
    const text = `{"intent":"done_for_now","message":"${'he said \\"so\\" '.repeat(900)}`;
    const { reading, calls } = readAndCount("NextStep", text);
    expect(reading).toMatchObject({ ok: true });
    expect(calls).toBe(1);
    expect(readAndCount("NextStep", text.repeat(3)).reading).toMatchObject({
      ok: false,
      reason: "too_large",
    });
  });

  it.each([
    ["300,000 characters of prose", `${"word ".repeat(60_000)}${refund}`, "characters beside its JSON"],
    ["2,000 tags", `${"<think>x</think>".repeat(2_000)}${refund}`, "more than 1000 tags"],
    ["a long number", `{"amount":${"9".repeat(2_000)}}`, "a number of more than 1000 characters"],
    ["a long name", `{"${"x".repeat(2_000)}":1}`, "a field whose name has more than 1000 characters"],
  ])("is told what was too much of it: %s", (_, text, saying) => {
    const { reading } = readAndCount("NextStep", text);
    expect(reading).toMatchObject({
      ok: false,
      reason: "too_large",
      message: expect.stringContaining(saying),
    });
  });

  it("is a long text with brackets, in a function that takes text as well, and is refused by name", () => {
    const { reading, characters } = readAndCount("PersonOrText", `${"...".repeat(10_000)}${refund}`);
    expect(reading).toMatchObject({
      ok: false,
      message: expect.stringContaining("a long text with brackets"),
    });
    expect(characters).toBeLessThan(500);
    const essay = "A text however long is fine. ".repeat(800);
    expect(readAndCount("PersonOrText", essay).reading).toMatchObject({
      ok: true,
      values: [{ value: essay.trim() }],
    });
  });

  it("is searched for thoughts with a limit on the brackets that open no JSON: each is followed to the end", () => {
    const json = '{"a":"<think>b</think>"}';
    expect(withoutThinking(`${"[x ".repeat(20)}${json}`).text).toContain(json);
    expect(withoutThinking(`${"[x ".repeat(40)}${json}`).text).not.toContain(json);
  });

  const line = 'A line of "text", with é, 中 and 😀.\n';
  it.each([
    ["a text of 800,000 characters", { intent: "done_for_now", message: line.repeat(22_000) }],
    ["a text of 800,000 Chinese characters", { intent: "done_for_now", message: "中".repeat(800_000) }],
    [
      "600 texts of 1,300 characters",
      {
        intent: "search",
        query: "x",
        tags: Array.from({ length: 600 }, (_, index) => `${index}${"x".repeat(1_300)}`),
      },
    ],
  ])("lets an honest answer through, and its long texts past the native parser: %s", (_, step) => {
    const json = JSON.stringify(step);
    const whole = readAndCount("NextStep", json);
    expect(whole.reading).toMatchObject({ ok: true });
    expect(whole.characters).toBeLessThan(60_000);
    for (const text of [json, `<think>Well …</think>\n\`\`\`json\n${json}\n\`\`\``]) {
      const { reading } = readAndCount("NextStep", text);
      const [read] = reading.ok ? reading.values : [];
      expect(JSON.stringify(withoutNulls(read?.value)) === json).toBe(true);
      expect([...(read?.reasons ?? ["none"])]).toEqual([]);
    }
  });

  it("is read whole by the native parser where its type has constraints, or is not known to have none", () => {
    const step = { intent: "done_for_now", message: "x".repeat(300_000) };
    const json = JSON.stringify(step);
    expect(readAndCount("NextStep", json, true)).toMatchObject({ reading: { ok: true } });
    expect(readAndCount("NextStep", json, true).characters).toBeGreaterThan(300_000);
    const chinese = JSON.stringify({ ...step, message: "中".repeat(300_000) });
    expect(readAndCount("NextStep", chinese, true).reading).toMatchObject({ ok: false, reason: "too_large" });
  });

  it("cannot make the gate put one text in the place of another", () => {
    const stranger = String.fromCharCode(0xe000, 0xe000);
    for (const query of [stranger, "\ue001x"]) {
      const step = { intent: "search", query, limit: null, tags: ["x".repeat(90_000)] };
      const texts = [JSON.stringify(step), JSON.stringify(step).replace(/[\ue000-\uf8ff]/g, written)];
      for (const text of texts) {
        const { reading } = readAndCount("NextStep", text);
        expect(reading.ok && reading.values[0]).toEqual({ value: step, reasons: new Set() });
      }
    }
    const number = { intent: "refund", order_id: "A1", amount: `4${" ".repeat(90_000)}` };
    expect(readAndCount("NextStep", JSON.stringify(number)).reading).toMatchObject({ ok: false });
  });

  it("is cut where blanks and characters of no width begin and end it, and nowhere else", () => {
    const blank = /[\s\u200b-\u200d\u2060]/;
    for (let code = 0; code <= 0xffff; code += 1) {
      const character = String.fromCharCode(code);
      if ((trimBlank(`${character}x${character}`) === "x") !== blank.test(character))
        expect.fail(`U+${code.toString(16)}`);
    }
  });

  it("is told from a long answer that fits its type", () => {
    const people = Array.from({ length: 300 }, (_, index) => ({
      name: `P${index}`,
      age: index,
      emails: ["a@x"],
    }));
    expect(readAndCount("ExtractPeople", JSON.stringify(people)).reading).toMatchObject({ ok: true });
    const aged = people.map((person) => ({ ...person, age: String(person.age) }));
    expect(readAndCount("ExtractPeople", JSON.stringify(aged)).reading).toMatchObject({ ok: true });
    const wrong = people.map((person) => ({ ...person, age: "old" }));
    expect(readAndCount("ExtractPeople", JSON.stringify(wrong)).reading).toMatchObject({
      ok: false,
      reason: "too_many_objects",
      message: expect.stringContaining("some of its values do not have the expected type"),
    });
    const tags = { intent: "search", query: "x", tags: strings(500) };
    expect(readAndCount("NextStep", JSON.stringify(tags)).reading).toMatchObject({ ok: true });
  });
});
