import { BamlCtxManager, BamlRuntime } from "@boundaryml/baml";
import { describe, expect, it } from "vitest";
import { readReturnType } from "../../src/prompts/baml/declared-type.ts";
import { bamlFunction } from "../../src/prompts/baml/generated-client.ts";
import { isPlain } from "../../src/prompts/baml/plain-source.ts";
import { completionReader } from "../../src/prompts/gate/answer.ts";
import { DEFAULT_ANSWER_LIMITS } from "../../src/prompts/gate/limits.ts";
import { b } from "./baml_client/index.ts";

const CLIENT = 'client<llm> C {\n  provider openai\n  options {\n    model "x"\n    api_key "k"\n  }\n}\n';

/** What BAML's own parser and the reader make of an answer of the function `F`. */
function read(declared: string, returned: string, text: string) {
  const source = `${CLIENT}${declared}\nfunction F(text: string) -> ${returned} {\n  client C\n  prompt #"{{ text }}"#\n}\n`;
  const files = { "main.baml": source };
  const runtime = BamlRuntime.fromFiles("baml_src", files, {});
  const parse = (json: string): unknown =>
    runtime.parseLlmResponse(
      "F",
      json,
      false,
      new BamlCtxManager(runtime).cloneContext(),
      undefined,
      undefined,
      {},
    );
  const given: string[] = [];
  const fn = {
    ...bamlFunction(b, "NextStep"),
    name: "F",
    parse: (json: string) => {
      given.push(json);
      return parse(json);
    },
  };
  const reader = completionReader(fn, {
    limits: DEFAULT_ANSWER_LIMITS,
    prose: "none",
    bamlFiles: () => files,
  });
  const completion = { raw: text, client: "", usage: null, durationMs: 0, requestDigest: "" };
  const ours = reader(
    { reply: { text, finish: "stop", usage: null }, completion, validText: true },
    undefined,
  );
  let theirs: unknown;
  try {
    theirs = parse(text);
  } catch {
    theirs = "refused";
  }
  return { files, ours, theirs, given: given.includes(text) };
}

describe("an answer that fits its type exactly", { tags: ["S1", "F4.8"] }, () => {
  it("is what BAML's parser makes of it, without asking that parser", () => {
    const { files, ours, theirs, given } = read("class A {\n  a int\n  b string?\n}", "A", '{"a":1}');
    expect(isPlain(files, "F")).toBe(true);
    expect(readReturnType(files, "F").kind).toBe("class");
    expect(ours).toMatchObject({ ok: true, value: { a: 1, b: null } });
    expect(theirs).toEqual({ a: 1, b: null });
    expect(given).toBe(false);
  });

  it.each([
    ["a whole number with a point", "class A {\n  e float[] | int\n}", "A", '{"e":1.0}'],
    [
      "a whole number with an exponent",
      "class A {\n  e map<string, bool> | map<string, int>\n}",
      "A",
      '{"e":{"z":1e0}}',
    ],
    ["a zero with a sign", "class A {\n  e float[] | int\n}", "A", '{"e":-0}'],
    [
      "keys that differ in case alone, and a point",
      "class A {\n  a int\n  A string\n}",
      "A?",
      '{"a":1.0,"A":"s"}',
    ],
    [
      "a field that is missing and whose type contains itself",
      "type J = int | string | J[] | map<string, J> | null\nclass A {\n  a J\n  b int?\n}",
      "A",
      '{"b":1}',
    ],
    ["a literal zero with a sign", "class A {\n  a -0\n}", "A", '{"a":0}'],
    [
      "a union of maps that the parser cannot join",
      "class C1 {\n  z int\n}",
      'map<string, map<"a", C1>> | map<string, int>[]',
      '[{"k":1}]',
    ],
    ["a constraint that it fails", "class A {\n  a int @ assert(p, {{ this > 0 }})\n}", "A", '{"a":-1}'],
  ])("is given to that parser where it is not certain: %s", (_, declared, returned, text) => {
    const { ours, theirs } = read(declared, returned, text);
    if (theirs === "refused") expect(ours.ok).toBe(false);
    else if (ours.ok) expect(ours.value).toEqual(theirs);
  });
});
