import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const copy = mkdtempSync(join(tmpdir(), "twelvefold-"));

/** What a clone holds, without what is installed and made. */
const FILES =
  "README.md baml_src bench bin examples package.json scripts src test tsconfig.json twelvefold.config.ts vitest.config.ts vitest.soak.config.ts";

/** Puts a text in the place of another one, which must be in the file of the copy once. */
function edit(file: string, place: string, text: string): void {
  const [before, after, ...more] = readFileSync(join(copy, file), "utf8").split(place);
  if (after === undefined || more.length > 0) throw new Error(`${file} does not hold "${place}" once`);
  writeFileSync(join(copy, file), `${before}${text}${after}`);
}

function run(command: string, args: readonly string[]) {
  const kept = Object.entries(process.env).filter(([name]) => !/_API_KEY$|^TWELVEFOLD_/.test(name));
  const env = { ...Object.fromEntries(kept), TWELVEFOLD_STORE: join(copy, "threads.db") };
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: copy, env, encoding: "utf8" });
  return { status, output: `${stdout}${stderr}` };
}

describe("the tool that the README adds: one edit of a prompt, one handler", { timeout: 180_000 }, () => {
  beforeAll(() => {
    for (const path of FILES.split(" ")) cpSync(join(root, path), join(copy, path), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    const readme = readFileSync(join(root, "README.md"), "utf8");
    const [, prompt = ""] = /```baml\n(class PowerTool[\s\S]*?)```/.exec(readme) ?? [];
    const [, handler = ""] = /`(power: tool\(.*\),)`/.exec(readme) ?? [];
    const union = /type CalculatorTools = .*\n/.exec(
      readFileSync(join(copy, "baml_src/calculator.baml"), "utf8"),
    );
    edit("baml_src/calculator.baml", union?.[0] ?? "type CalculatorTools", prompt);
    edit(
      "src/agents/calculator/agent.ts",
      "    request_more_information:",
      `    ${handler}\n    request_more_information:`,
    );
    const made = run(process.execPath, ["scripts/setup.mjs"]);
    expect(made.status, made.output).toBe(0);
  });
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  it("is called by the offline model, on the way that `npm start` goes", { tags: ["E3", "F1.6"] }, () => {
    const request = "raise 2 to the power of 5, then add 1 to that";
    const { status, output } = run(process.execPath, ["bin/twelvefold.mjs", "run", "calculator", request]);
    expect(output).toMatch(/→ power base=2 exponent=5\n= 32\n→ add a=32 b=1\n= 33\n/);
    expect(output).toContain("The result is 33.");
    expect(status).toBe(0);
  });

  it("breaks nothing else: types, tests and benches of the clone compile as they are", () => {
    expect(run(join(root, "node_modules/.bin/tsc"), ["-p", "."])).toEqual({ status: 0, output: "" });
  });
});
