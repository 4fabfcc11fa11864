import { describe, expect, it } from "vitest";
import { isPlain } from "../../src/prompts/baml/plain-source.ts";
import { getBamlFiles } from "./baml_client/inlinedbaml.ts";

const FUNCTION =
  'function F(text: string) -> Step {\n  client "x"\n  prompt #"{{ text }} {{ ctx.output_format }}"#\n}\n';
const isPlainSource = (declared: string, more: Record<string, string> = {}) =>
  isPlain({ "main.baml": `${declared}\n${FUNCTION}`, ...more }, "F");
/** A class `Step` with these lines. */
const step = (...lines: string[]) => `class Step {\n${lines.map((line) => `  ${line}\n`).join("")}}\n`;

const PLAIN: Readonly<Record<string, string>> = {
  "fields with descriptions, aliases and @skip": step(
    "/// what it is",
    'intent "search" // one of them',
    'query string @description("what {to} \\"look\\" for: http://x") @alias("q")',
    "limit int? @skip",
    "tags (string | int)[]?",
    "more map<string, Step[]>",
  ),
  "a description over lines": step(
    'a int @description(#"\n    class No { a int @assert(x, {{ true }}) }\n  "#)',
  ),
  "a union over lines": `type Kind =\n  | "a"\n  | "b"\n${step("kind\tKind", "other int\n    | string")}`,
  "an enum": `enum Kind {\n  A @alias("one")\n  B @description("two")\n}\n${step("kind Kind")}`,
  "clients, retries, generators and tests with constraints of their own": `${step("a int")}
client<llm> C {
  provider openai
  options {
    base_url "http://x"
    headers {
      "X-{a}" "}"
    }
  }
}
retry_policy R {
  max_retries 1
}
test T {
  functions [F]
  args {
    text "@@assert(a)"
  }
  @@assert(a, {{ this.a == 1 }})
}`,
  "what is known at run time only, or has constraints, where the function does not return it": `type Short = string @assert(short, {{ this|length < 9 }})
enum Open {
  A
  @@dynamic
}
${step("a int")}`,
  "constraints on types that the function does not return": `${step("a int")}class Other {\n  a int @assert(a, {{ this > 0 }})\n}\n`,
};

const NOT_PLAIN: Readonly<Record<string, string>> = {
  "a constraint": step("a int @assert(a, {{ this > 0 }})"),
  "a constraint that is only checked": step("a int @check(a, {{ this > 0 }})"),
  "a constraint with a blank in it": step("a int @ assert(a, {{ this > 0 }})"),
  "a constraint on the next line": step("a int", "", "  @assert(a, {{ this > 0 }})"),
  "a constraint on a list's items": step("a (int @assert(a, {{ this > 0 }}))[]"),
  "a constraint of the class": step("a int", "@@assert(a, {{ this.a > 0 }})"),
  "a constraint of a class that it names": `${step("a Other?")}class Other {\n  a int @assert(a, {{ this > 0 }})\n}\n`,
  "a constraint of an alias": `type Positive = int @assert(a, {{ this > 0 }})\n${step("a Positive")}`,
  "a constraint behind an argument that looks like a comment": step(
    "a int @description(http://x) @assert(a, {{ this > 0 }})",
  ),
  "a comment that ends in the middle of a line": step("{// a string //} b int"),
  "a comment in C's style": step("/* a string */ b int"),
  "two fields on a line": step("a int b string?"),
  "two fields on a line with an attribute between": step('a int @alias("x") b string?'),
  "two declarations on a line": `class Other {\n  a int\n} ${step("a int")}`,
  "attributes without a blank": step('a int @description("d")@alias("x")'),
  "arguments over lines": step('a int @description(\n    "d"\n  ) @alias("x")'),
  "an alias without quotes": step("a int @alias(x)"),
  "an alias with an escape": step('a int @alias("a\\tb")'),
  "an alias over lines": step('a int @alias(#"\n    x\n  "#)'),
  "an alias in blanks": step('a int @alias(" x ")'),
  "two aliases": step('a int @alias("x") @alias("y")'),
  "an alias that is another field": step('a int @alias("b")', "b int?"),
  "one alias twice": step('a int? @alias("x")', 'b int? @alias("x")'),
  "a literal with an escape": step('a "x\\ty"'),
  "a type on the next line": step("a\n    int"),
  "a colon": step("a: int"),
  "a name that is not one of an identifier's letters": step("a-b int"),
  "types completed at run time": step("a int", "@@dynamic"),
  "an alias of the class": step("a int", '@@alias("x")'),
  "a text that does not end": `${step("a int")}class Other {\n  a "x\n}\n`,
  "a text that ends at the end of its line for BAML": step(
    'a int @description("x)',
    'b int @assert(p, {{ this > 0 }}) @description(")',
  ),
  "a text whose quote is no end for BAML": step(
    'a int @description("x\\\\") // ") @assert(p, {{ this > 0 }})',
  ),
  "a setting with a quote in its words": `client<llm> C {\n  provider openai\n  options {\n    model a"b\n    other a"b\n  }\n}\n${step("a int")}`,
  "a setting with a text behind its words": `client<llm> C {\n  provider openai\n  options {\n    model a "b" #"c"#\n  }\n}\n${step("a int")}`,
  "a setting with braces in its words": `client<llm> C {\n  provider openai\n  options {\n    model {{ { }}\n    other {{ } }}\n  }\n}\n${step("a int")}`,
  "an expression with braces in its texts": `test T {\n  functions [F]\n  args {\n    text "x"\n  }\n  @@assert(a, {{ this.a == "}}, #" }})\n}\n${step("a int")}`,
  "a map whose keys are not any text": step('a map<"x" | "y", int>'),
  "a declaration that BAML would know and this file does not": `${step("a int")}let x = 1\n`,
  "the same name twice": step("a int") + step("a string"),
};

describe("whether declarations are written so plainly that BAML reads them as they are read here", {
  tags: ["S1", "F4.8"],
}, () => {
  it.each(Object.entries(PLAIN))("%s: yes", (_, source) => expect(isPlainSource(source)).toBe(true));

  it.each(Object.entries(NOT_PLAIN))("%s: no", (_, source) => expect(isPlainSource(source)).toBe(false));

  it("what stands in texts declares nothing", () => {
    const prompt = 'template_string T() #"\nclass Step {\n  a int @assert(a, {{ true }})\n}\n"#\n';
    expect(isPlainSource(step("a int"), { "texts.baml": prompt })).toBe(true);
  });

  it("a function that is not there is not known", () => {
    expect(isPlain({ "main.baml": step("a int") }, "F")).toBe(false);
    expect(isPlain({}, "F")).toBe(false);
  });

  it("what one file holds that is not known makes nothing certain, in whichever", () => {
    expect(isPlainSource(step("a int"), { "other.baml": "class B { /* } */ }" })).toBe(false);
  });

  it("these functions are written plainly, but for what is completed at run time", () => {
    const files = getBamlFiles();
    const names = Object.values(files).flatMap((text) =>
      [...text.matchAll(/^function (\w+)/gm)].map(([, name = ""]) => name),
    );
    const others = names.filter((name) => !isPlain(files, name));
    expect(names.length).toBeGreaterThan(20);
    expect(others.toSorted()).toEqual(["Maintain", "NextDynamic", "NextDynamicTwo"]);
  });
});
