import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Agent } from "../../src/agent/agent.ts";
import { calculator } from "../../src/agents/calculator/agent.ts";
import { test as runTests } from "../../src/cli/commands/test.ts";
import { createMemoryStore } from "../../src/index.ts";
import type { RecordedCall } from "../../src/model/recording.ts";
import { declarations } from "../../src/prompts/baml/source.ts";
import { answersOf } from "../../src/workbench/baml-tests/answers.ts";
import { readBamlOutput, reportOf } from "../../src/workbench/baml-tests/read-output.ts";
import { formWarnings } from "../../src/workbench/form-warning.ts";
import { proseWarnings } from "../../src/workbench/prose-warning.ts";
import { testSession } from "./test-session.ts";

const OUTPUT = `
some warning of the run
INFO: Test results:
---------------------------------------------------------
function DetermineNextStep
5 tests (2 ✅, 2 ❌, 1 🛑)
  0.58s FAILED       DetermineNextStep::ChecksFail
     baml_src/calculator_tests.baml:309
    other - failedthird - passed
  0.59s FAILED       DetermineNextStep::Fails
     baml_src/calculator_tests.baml:303
    intent
  0.25s FAILED       DetermineNextStep::Prose
     baml_src/parts/x.baml:29
    Failed to coerce value: ParsingError { scope: [], reason: "Failed to find any (A | B) in 6 items", causes: [ParsingError { scope: [], reason: "x", causes: [] }] }
  0.42s ERROR        DetermineNextStep::Down
     baml_src/calculator_tests.baml:1
    Unspecified error code: 2 reqwest::Error

    Request options: {"model":"m"}
  0.64s PASSED       DetermineNextStep::Multiply
     baml_src/calculator_tests.baml:15
---------------------------------------------------------
INFO: Test run completed, 5 tests (2 ✅, 2 ❌, 1 🛑)
[2026-11-26T01:47:20Z ERROR baml_runtime]   0.1s FAILED       Not::Atest
`;

describe("F2.4 BAML tests", { tags: ["F2.4", "F2.17"] }, () => {
  it("are read from what BAML's command prints, each with its place and what was wrong", () => {
    const tests = readBamlOutput(OUTPUT);
    expect(
      tests.map(({ name, outcome, file, line, message }) => [name, outcome, `${file}:${line}`, message]),
    ).toEqual([
      ["ChecksFail", "failed", "baml_src/calculator_tests.baml:309", "other - failed, third - passed"],
      ["Fails", "failed", "baml_src/calculator_tests.baml:303", "the assertion intent does not hold"],
      [
        "Prose",
        "failed",
        "baml_src/parts/x.baml:29",
        "the answer is not what the function returns: Failed to find any (A | B) in 6 items",
      ],
      ["Down", "error", "baml_src/calculator_tests.baml:1", "Unspecified error code: 2 reqwest::Error"],
      ["Multiply", "passed", "baml_src/calculator_tests.baml:15", ""],
    ]);
    expect(readBamlOutput("")).toEqual([]);
  });

  it("report what was answered where one failed", () => {
    const [, fails] = readBamlOutput(OUTPUT);
    if (fails === undefined) throw new Error("no test");
    expect(reportOf(fails, '{"intent": "divide"}')).toEqual({
      suite: "DetermineNextStep",
      name: "Fails",
      file: "baml_src/calculator_tests.baml",
      line: 303,
      seconds: 0.59,
      outcome: {
        kind: "failed",
        message: "the assertion intent does not hold",
        details: 'the assertion intent does not hold\n\nanswered: {"intent": "divide"}',
      },
    });
  });

  it("an answer is that of the request that holds the test's arguments, whole or streamed", () => {
    const files = { "t.baml": readFileSync("baml_src/calculator_tests.baml", "utf8") };
    const call = (thread: string, body: string): RecordedCall => ({
      v: 1,
      digest: "",
      request: {
        method: "POST",
        path: "/chat/completions",
        body: { messages: [{ role: "user", content: `What happened so far:\n\n${thread}` }] },
      },
      response: { status: 200, contentType: "application/json", body },
    });
    const whole = (content: string) =>
      JSON.stringify({ choices: [{ message: { content }, finish_reason: "stop" }] });
    const stream = ["a", "b"]
      .map((content) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`)
      .join("");
    const message = (text: string) => `<message_received>\n${text}\n</message_received>`;
    const calls = [
      call(message("can you multiply 3 and 4?"), whole("one")),
      call(message("hello!"), `${stream}data: [DONE]\n\n`),
      call(`${message("can you multiply 3 and 4?")}\n\n<multiply>\na: 3\nb: 4\n</multiply>`, whole("longer")),
    ];
    expect(answersOf("Multiply", files, calls)).toEqual(["one"]);
    expect(answersOf("HelloAsksWhatToDo", files, calls)).toEqual(["ab"]);
    expect(answersOf("GoesOnMidThread", files, calls)).toBeUndefined();
    expect(answersOf("NoSuchTest", files, calls)).toBeUndefined();
  });

  it.each([
    ["Think step by step, then answer with JSON.", "Think step by step"],
    ["First outline\n  your reasoning, then the answer.", undefined],
    ["Please explain your\n    reasoning.", "explain your reasoning"],
    ["Before answering, list the facts.", "Before answering"],
    ["Think step by step. Answer with one JSON object and nothing else.", undefined],
    ["Choose the next step. {# think step by step #}", undefined],
    ["Say what a person should do before the meeting.", undefined],
  ])("a prompt that asks for prose is named with its line: %j", (words, phrase) => {
    const source = `class A { a int }\n// Think step by step.\nfunction Next(thread: string) -> A {\n  client C\n  prompt #"\n    ${words}\n    {{ ctx.output_format }}\n  "#\n}\n`;
    const found = proseWarnings({ "a.baml": source, "b.baml": "class B { b int }" }, ["Next"]);
    const wanted = phrase ?? (words.startsWith("First") ? "outline your reasoning" : undefined);
    expect(found).toEqual(
      wanted === undefined
        ? []
        : [{ functionName: "Next", file: "baml_src/a.baml", line: 6, phrase: wanted }],
    );
    expect(proseWarnings({ "a.baml": source }, [])).toEqual([]);
  });

  it("a prompt that does not say which JSON is wanted is named with its line", () => {
    const prompt = (words: string) =>
      `\nfunction Next(thread: string) -> A {\n  client C\n  prompt #"\n    ${words}\n  "#\n}\n`;
    const warned = (words: string, more = "") =>
      formWarnings({ "a.baml": prompt(words), "b.baml": more }, ["Next"]);
    expect(warned("Choose the next step: {{ thread }}")).toEqual([
      { functionName: "Next", file: "baml_src/a.baml", line: 2 },
    ]);
    for (const words of ["{{ ctx.output_format }}", '{"intent": "done"}']) expect(warned(words)).toEqual([]);
    expect(warned("{{ Form() }}", 'template_string Form() #"{{ ctx.output_format }}"#')).toEqual([]);
    expect(formWarnings({ "a.baml": prompt("Choose.") }, [])).toEqual([]);
  });

  it("no prompt of this project asks for prose", () => {
    expect(
      proseWarnings({ "calculator.baml": readFileSync("baml_src/calculator.baml", "utf8") }, [
        "DetermineNextStep",
      ]),
    ).toEqual([]);
  });

  describe("twelvefold test, in a project", () => {
    const project = (withTests: boolean, datasets: boolean): string => {
      const folder = mkdtempSync(join(tmpdir(), "twelvefold-test-"));
      cpSync("baml_src", join(folder, "baml_src"), { recursive: true });
      if (!withTests) {
        for (const name of readdirSync(join(folder, "baml_src"))) {
          const path = join(folder, "baml_src", name);
          const tests = declarations({ [name]: readFileSync(path, "utf8") }).filter(
            ({ kind }) => kind === "test",
          );
          const text = tests.reduce((rest, one) => rest.replace(one.text, ""), readFileSync(path, "utf8"));
          // The client need not read the tests' variables where there are no tests.
          writeFileSync(path, text.replaceAll("env.TWELVEFOLD_BASE_URL", '"http://127.0.0.1:9"'));
        }
      }
      if (datasets) {
        mkdirSync(join(folder, "evals"));
        const text = "agent: calculator\ncases:\n  - { message: add 1 and 2, expect: { intent: add } }\n";
        writeFileSync(join(folder, "evals/sums.yaml"), text);
      }
      return folder;
    };

    it("datasets run where there are no BAML tests; where there is neither, it is a mistake", {
      tags: "F2.4",
    }, async () => {
      const { session, said } = testSession(project(false, true), {
        agents: [calculator],
        store: createMemoryStore(),
      });
      expect(await runTests(session, {})).toBe(0);
      expect(said).toEqual([
        "BAML tests: there are none in baml_src",
        expect.stringMatching(/^Evals: 1 case, 100 % .* passed \(built-in offline model\)$/),
      ]);
      const none = testSession(project(false, false), { agents: [calculator], store: createMemoryStore() });
      await expect(runTests(none.session, {})).rejects.toMatchObject({
        code: "invalid_argument",
        message: "there are no BAML tests in baml_src, and no datasets in evals/",
      });
    });

    it("warns of a prompt that asks for prose, at its line, in GitHub Actions too; not where prose is allowed", {
      tags: "F2.4",
    }, async () => {
      const folder = project(false, true);
      writeFileSync(join(folder, "twelvefold.config.ts"), "");
      const path = join(folder, "baml_src/calculator.baml");
      const before = readFileSync(path, "utf8").replaceAll("nothing else", "no more");
      const text = before.replace("You are a calculator", "Think step by step.\n    You are a calculator");
      writeFileSync(path, text);
      const line = text.slice(0, text.indexOf("Think step by step")).split("\n").length;
      const run = async (agent: Agent, env = {}, json = false) => {
        const { session, said, problems } = testSession(folder, {
          agents: [agent],
          store: createMemoryStore(),
          env,
          json,
        });
        expect(await runTests(session, {})).toBe(0);
        return { said, problems };
      };
      const warned = `baml_src/calculator.baml:${line}: DetermineNextStep asks for prose: the prompt says "Think step by step", but its function has prose: "none"`;
      expect((await run(calculator)).problems).toEqual([expect.stringContaining(warned)]);
      const annotated = (await run(calculator, { GITHUB_ACTIONS: "true" })).said.join("\n");
      expect(annotated).toContain(
        `::warning file=baml_src/calculator.baml,line=${line},title=DetermineNextStep asks for prose::`,
      );
      const { warnings } = JSON.parse((await run(calculator, {}, true)).said[0] ?? "");
      expect(warnings).toEqual([expect.objectContaining({ functionName: "DetermineNextStep", line })]);
      const allowed = { ...calculator, nextStep: { ...calculator.nextStep, prose: "before" as const } };
      expect((await run(allowed as Agent)).problems).toEqual([]);
    });
  });
});
