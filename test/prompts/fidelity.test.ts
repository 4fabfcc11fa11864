import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/base/errors.ts";
import { describeFidelity, isFidelityReason } from "../../src/base/fidelity.ts";
import { wordsAround } from "../../src/prompts/gate/said.ts";
import { type PromptFunction, promptFunction } from "../../src/prompts/prompt-function.ts";
import type { Answer } from "../../src/prompts/types.ts";
import { b } from "./baml_client/index.ts";
import { getBamlFiles } from "./baml_client/inlinedbaml.ts";
import { HOSTILE } from "./completions/hostile.ts";
import { PLAIN } from "./completions/plain.ts";
import { PROSE } from "./completions/prose.ts";
import { type Expected, REFUND, type Row, SEARCH } from "./completions/row.ts";
import { SEVERAL } from "./completions/several.ts";
import { SHAPES } from "./completions/shapes.ts";
import { SYNTAX } from "./completions/syntax.ts";
import { VALUES } from "./completions/values.ts";

const GROUPS: readonly (readonly [string, readonly Row[]])[] = [
  ["plain completions", PLAIN],
  ["several values", SEVERAL],
  ["prose around the value", PROSE],
  ["values of the wrong type", VALUES],
  ["mistakes in the syntax", SYNTAX],
  ["results of every type", SHAPES],
  ["what only looks like an answer", HOSTILE],
];

const functions = new Map<string, PromptFunction<readonly unknown[], unknown>>();
function read([name, completion, , prose = "none"]: Row): Answer<unknown> {
  const known = Object.getOwnPropertyNames(Object.getPrototypeOf(b.parse));
  if (!isFunctionName(name)) throw new Error(`no function ${name}; there are ${known.join()}`);
  const key = `${name} ${prose}`;
  const fn = functions.get(key) ?? promptFunction(b, name, { bamlFiles: getBamlFiles, prose });
  functions.set(key, fn);
  return fn.parse(completion);
}

function isFunctionName(name: string): name is keyof typeof b.parse {
  return name in b.parse;
}

/** An answer in the words of the table. */
function told(answer: Answer<unknown>, expected: Expected): Expected {
  if (!answer.ok) {
    const saying = "saying" in expected && expected.saying !== undefined ? { saying: expected.saying } : {};
    if ("saying" in saying) expect(answer.message).toContain(saying.saying);
    return { refused: answer.reason, ...saying };
  }
  const { fidelity, value, more } = answer;
  const others = more.length === 0 ? {} : { more: more.map((other) => other.value) };
  if (fidelity.grade === "exact") return { exact: value, ...others };
  const because = fidelity.reasons.filter(isFidelityReason);
  expect(because).toEqual(fidelity.reasons);
  return fidelity.grade === "tolerant"
    ? { tolerant: value, because, ...others }
    : { doubtful: value, because, ...others };
}

function sorted(expected: Expected): Expected {
  return "because" in expected ? { ...expected, because: expected.because.toSorted() } : expected;
}

describe.each(GROUPS)("%s", { tags: "F4.8" }, (_, rows) => {
  it.each(rows.map((row, index) => [index, row[0], row[1].slice(0, 100), row[3] ?? "none", row] as const))(
    "%i %s %j %s",
    (_index, _name, _start, _prose, row) => {
      expect(told(read(row), row[2])).toEqual(sorted(row[2]));
    },
  );
});

describe("the table", { tags: "F4.8" }, () => {
  it("has at least 120 completions", () => {
    expect(GROUPS.flatMap(([, rows]) => rows).length).toBeGreaterThanOrEqual(120);
  });

  it("reads each completion alike whichever was read before", () => {
    const rows = GROUPS.flatMap(([, all]) => all).filter(([, completion]) => completion.length < 5_000);
    for (const row of rows.toReversed()) {
      const [, completion, expected] = row;
      expect(told(read(row), expected), completion).toEqual(sorted(expected));
    }
  });
});

describe("aliases", { tags: "F4.8" }, () => {
  const completion = '{"total_amount":5,"status":"paid in full","items":[]}';

  it("makes aliased names doubtful where the BAML files are not known, and says why", () => {
    const answer = promptFunction(b, "ExtractInvoice", { bamlFiles: undefined }).parse(completion);
    expect(answer).toMatchObject({
      ok: true,
      value: { total: 5, status: "PAID", lines: [] },
      fidelity: { grade: "doubtful", reasons: ["coerced_value", "renamed_field"] },
    });
  });
});

describe("the prose that a prompt function allows", { tags: "F4.10" }, () => {
  it("is refused where it is none of the three modes, with the modes in the message", () => {
    const options = { prose: "after" };
    expect(() => Reflect.apply(promptFunction, undefined, [b, "NextStep", options])).toThrow(
      'promptFunction NextStep: prose: must be one of: "none", "before", "marked"',
    );
  });

  it("is not asked for under another name: an unknown option is refused with those that there are", () => {
    for (const options of [{ proze: "before" }, { limits: { maxObject: 3 } }, { limits: { maxDepth: 0 } }]) {
      expect(() => Reflect.apply(promptFunction, undefined, [b, "NextStep", options])).toThrow(UsageError);
    }
    expect(() => Reflect.apply(promptFunction, undefined, [b, "NextStep", { proze: "before" }])).toThrow(
      'promptFunction NextStep: unknown option "proze"; known: bamlFiles, model, timeouts, retry, limits, prose, promptCache',
    );
  });

  it("is not made without the sources of its types unless somebody says so", () => {
    const missing =
      "promptFunction NextStep: bamlFiles is missing: pass getBamlFiles of the generated inlinedbaml.ts";
    // @ts-expect-error The type checker asks for them too.
    expect(() => promptFunction(b, "NextStep")).toThrow(missing);
    // @ts-expect-error
    expect(() => promptFunction(b, "NextStep", { prose: "before" })).toThrow(missing);
    expect(promptFunction(b, "NextStep", { bamlFiles: undefined }).version).toBe("unversioned");
  });
});

describe("tokens of a chat template", { tags: "F4.8" }, () => {
  it("are passed over, but not words that stand in their place", () => {
    const json = '{"intent":"refund","order_id":"A1","amount":5}';
    const grade = (text: string) => {
      const answer = promptFunction(b, "NextStep", { bamlFiles: undefined }).parse(text);
      return answer.ok ? answer.fidelity.grade : answer.reason;
    };
    for (const text of [
      `${json}<|im_end|>`,
      `<|im_start|>assistant\n${json}`,
      `<|start|>assistant<|channel|>final<|constrain|>json<|message|>${json}<|return|>`,
      `<|begin_of_text|><|start_header_id|>assistant<|end_header_id|>\n\n${json}<|eot_id|>`,
      `<s>${json}</s>`,
      `<start_of_turn>model\n${json}<end_of_turn>`,
      // Marks of byte order and characters of no width show nothing.
      `\ufeff\u200b${json}\u2060`,
    ]) {
      expect(grade(text), text).toBe("exact");
    }
    for (const text of [
      `<|I refuse, an example only:|>${json}`,
      `<|DO_NOT_RUN|>${json}`,
      `<|do|><|not|><|run|>${json}`,
      `<|start|>Never${json}`,
      `<|start|>user${json}`,
      `<|start|>assistantNever${json}`,
      `<|im_start|>Never\n${json}`,
      `<|im_start|>user\n${json}`,
      `<|start_header_id|>never<|end_header_id|>${json}`,
      `<|channel|>final never run this<|message|>${json}`,
      `${json}<|end|><|start|>Never`,
      `\u200bNever\u200b${json}`,
      // These turn text around, or stand for the mark of a thought that was removed.
      `\u202e${json}`,
      `\u0001${json}`,
    ]) {
      expect(grade(text), text).toBe("doubtful");
    }
    // Words in a closing tag end no thought.
    expect(grade(`<think>hm</think but never run this>${json}`)).toBe("empty");
  });
});

describe("the model's own words", { tags: "F4.10" }, () => {
  const next = promptFunction(b, "NextStep", { bamlFiles: undefined, prose: "marked" });
  const said = (completion: string) => {
    const answer = next.parse(completion);
    return answer.ok ? answer.said : undefined;
  };
  const jsonOf = (completion: string) => {
    const seen = said(completion);
    return seen?.json.map(({ start, end }) => seen.text.slice(start, end));
  };

  it("are what can be seen of the completion, with the places of its JSON", () => {
    const completion = `<think>hm</think>I would not:\n${REFUND}\nor<think>what?</think>\n${SEARCH} // maybe`;
    expect(said(completion)?.text).toBe(`I would not:\n${REFUND}\nor\n${SEARCH} // maybe`);
    expect(jsonOf(completion)).toEqual([REFUND, SEARCH]);
    expect(wordsAround(said(completion) ?? { text: "", json: [] })).toBe(
      "I would not:\n[JSON]\nor\n[JSON] // maybe",
    );
  });

  it("are none where the JSON stands alone", () => {
    for (const completion of [REFUND, ` ${REFUND}\n`, `<think>why not</think>${REFUND}`]) {
      expect(jsonOf(completion)).toEqual([REFUND]);
      expect(wordsAround(said(completion) ?? { text: "x", json: [] })).toBe("");
    }
  });

  it("hold what stood before the marker as well", () => {
    const completion = `Perhaps ${SEARCH}?\nFINAL ANSWER:\n${REFUND}`;
    expect(said(completion)?.text).toBe(completion);
    expect(jsonOf(completion)).toEqual([REFUND]);
  });

  it("are all of a text", () => {
    const answer = promptFunction(b, "Summarize", { bamlFiles: undefined }).parse("A text.");
    expect(answer).toMatchObject({ ok: true, said: { text: "A text.", json: [] } });
  });
});

describe("describeFidelity", { tags: "F4.8" }, () => {
  it("says in words why a value was not taken at face value, also for reasons of earlier releases", () => {
    expect(describeFidelity({ grade: "doubtful", reasons: ["cut_off", "negated"] })).toBe(
      "it ends before the JSON does; the text around the JSON says not to do it, or takes it back",
    );
    expect(describeFidelity({ grade: "doubtful", reasons: ["prose", "toString"] })).toBe(
      "it has text beside the JSON; toString",
    );
    expect(describeFidelity({ grade: "exact", reasons: [] })).toBe("");
  });
});
