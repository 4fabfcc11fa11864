import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { createProgram } from "../../src/cli/program.ts";
import { createSession } from "../../src/cli/session.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { startScriptedModel } from "../../src/model/index.ts";
import { run, snippetsOf } from "../docs/run-snippets.ts";

const PAGE = "docs/evals.md";
const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, PAGE), "utf8");
const snippets = snippetsOf(PAGE, {
  twelvefold: "src/index.ts",
  "twelvefold/workbench": "src/workbench/index.ts",
});
const fences = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, "gm"))].map(
    ([, text = ""]) => text,
  );

/** A project with the page's dataset and the calculator. */
const project = mkdtempSync(join(tmpdir(), "twelvefold-evals-"));

/** Runs a command line of the page in the project, in this process, with the built-in model. */
async function runLine(line: string, env: Readonly<Record<string, string>> = {}) {
  const out: string[] = [];
  const err: string[] = [];
  let code: number | undefined;
  const program = createProgram(async (command, json) => {
    const terminal = {
      interactive: false,
      colors: false,
      out: (text: string) => void out.push(text),
      err: (text: string) => void err.push(text),
      ask: async () => undefined,
    };
    const person = verifiedBy("terminal", "ada");
    const { session, close } = createSession({ terminal, env, folder: project, json, person });
    try {
      code = await command(session);
    } finally {
      await close();
    }
  });
  await program.parseAsync(["node", ...line.replace(/^npx /, "").split(" ")]);
  return { code, out: out.join("\n"), err: err.join("\n") };
}

describe(PAGE, () => {
  beforeAll(() => {
    mkdirSync(join(project, "evals"));
    for (const name of ["baml_src", "baml_client"])
      cpSync(join(root, name), join(project, name), { recursive: true });
    const from = (path: string) => JSON.stringify(join(root, path));
    const config = [
      `import { calculator } from ${from("src/agents/calculator/agent.ts")};`,
      `import { defineConfig } from ${from("src/config.ts")};`,
      'const short = ({ step }) => ({ pass: step.b !== 2, score: 1, reason: "b is " + step.b });',
      "export default defineConfig({ agents: [calculator], evals: { judges: { short } } });",
    ].join("\n");
    writeFileSync(join(project, "twelvefold.config.ts"), config);
    writeFileSync(join(project, "evals/sums.yaml"), fences("yaml")[0] ?? "");
  });

  it.each(snippets.map((snippet) => [snippet.line, snippet] as const))(
    "its code at line %i runs",
    { tags: "F2.16" },
    async (_, snippet) => {
      expect(await run(snippet)).toEqual(snippet.promised);
    },
  );

  it("its commands run, in their order", {
    tags: ["F2.11", "F2.16", "F2.17", "F2.19"],
    timeout: 60_000,
  }, async () => {
    const [evals = "", corrections = ""] = fences("sh");
    const [first = "", second = "", third = ""] = evals.trim().split("\n");
    const plain = await runLine(first);
    expect(plain.out).toMatch(/^twelvefold-offline +4 +75 % \(30\.1 to 95\.4\)/m);
    expect(plain.out).toContain("1 known to fail: knows what two dozen are");
    expect(plain.code).toBe(0);
    expect((await runLine(second)).err).toContain("wrote report.html\nwrote junit.xml\nwrote summary.md");
    expect((await runLine(third)).err).toContain("wrote evals/baseline.json");
    expect((await runLine(first)).out).toContain("no difference that could not be chance");
    // The same model under the same name, so that the baseline is found.
    expect((await runLine("npx twelvefold test --offline --report tests.md")).out).toContain(
      "Evals: 4 cases",
    );
    expect(readFileSync(join(project, "tests.md"), "utf8")).toContain("twelvefold-offline");

    await runLine("npx twelvefold run calculator divide 12 by 2");
    const { out } = await runLine("npx twelvefold list --json");
    const id = /thr_\w+/.exec(out)?.[0] ?? "";
    await runLine(`npx twelvefold deny ${id}.4 by 4`);
    const [collect = "", collected = "", judge = ""] = corrections.trim().split("\n");
    expect((await runLine(collect)).out).toMatch(/event 3 {2}denied: by 4\n1 correction collected$/);
    expect((await runLine(collected)).out).toContain("1 case awaits review and did not run");
    const judged = await runLine(judge);
    expect(judged.out).toMatch(
      /^✗ thr_\w+ event 3 {2}divide {2}b is 2\n✓ thr_\w+ event 6 {2}divide {2}b is 4\n2 of 2 steps judged: 50 % \(/,
    );
    expect(judged.code).toBe(0);
    await expect(runLine("npx twelvefold judge kind")).rejects.toThrow(
      'there is no judge "kind"; known: short',
    );
    expect((await runLine("npx twelvefold judge short --sample 1 --json")).out).toContain('"steps": 2');
    const file = join(project, "evals/collected.jsonl");
    writeFileSync(file, readFileSync(file, "utf8").replace('"review":true,', ""));
    // The built-in model proposes the same step again, before it knows the feedback.
    expect((await runLine(collected)).out).toContain(
      'must not be {"intent":"divide","fields":{"a":12,"b":2}}',
    );
  });

  it("a server of one's own is asked; no baseline is taken where an answer is missing", {
    tags: ["F2.11", "F2.18"],
  }, async () => {
    const add = '{"intent": "add", "a": 12, "b": 30}';
    const model = await startScriptedModel([add, { status: 400, message: "odd" }, add, add, add]);
    const env = { TWELVEFOLD_BASE_URL: model.url };
    const line =
      "npx twelvefold eval sums --client openai-generic/m --update-baseline --baseline evals/own.json";
    const { code, out, err } = await runLine(line, env);
    expect([code, existsSync(join(project, "evals/own.json"))]).toEqual([1, false]);
    expect(err).toContain("the baseline stays as it is");
    expect(out).toContain("1 answer could not be had");
    // The three answers that are kept are not asked for again.
    const again = await runLine(line, env);
    await model.close();
    expect([again.code, existsSync(join(project, "evals/own.json")), model.requests.length]).toEqual([
      0,
      true,
      5,
    ]);
  });

  it("a mistake in a dataset ends the command before anything is asked", { tags: "F2.16" }, async () => {
    writeFileSync(join(project, "evals/wrong.yaml"), "- message: x\n  expect: { intend: add }\n");
    await expect(runLine("npx twelvefold eval wrong")).rejects.toMatchObject({
      code: "invalid_argument",
      message:
        'evals/wrong.yaml:2: expect.intend: unknown expectation "intend"; known: intent, fields, grade, checks, judge, anyOf, not, steps, anyStep',
    });
    await expect(runLine("npx twelvefold eval sums --report x.pdf")).rejects.toThrow("no report is known");
  });
});
