import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { calculate } from "../../examples/hand-written-loop.ts";
import { OFFLINE_MODEL_NAME, startOfflineModel } from "../../src/model/offline/offline-model.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");

function fences(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, "gm"))].map(
    (match) => match[1] ?? "",
  );
}

/** Runs a command line of the README as it stands, with an empty store and no provider's key. */
function runLine(line: string) {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/_API_KEY$|^TWELVEFOLD_/.test(name)),
  );
  const store = join(mkdtempSync(join(tmpdir(), "twelvefold-")), "threads.db");
  const [status, stdout, stderr] = (() => {
    const done = spawnSync(line, {
      cwd: root,
      shell: true,
      encoding: "utf8",
      env: { ...env, TWELVEFOLD_STORE: store, npm_config_loglevel: "error" },
    });
    return [done.status, done.stdout, done.stderr];
  })();
  return { status, stdout, stderr };
}

/** What each command of the README prints. A command that is not here fails the test. */
const EXPECTED: Record<string, RegExp> = {
  'npm start -- "can you multiply 3 and 4, then divide the result by 2 and then add 12 to that result?"':
    /approve: +npx twelvefold approve thr_/,
  'npx twelvefold run calculator "what is 12 plus 30"': /\b42\b/,
  "npx twelvefold list": /no threads/,
  "npx twelvefold --help": /Exit codes/,
};

describe("README", () => {
  const lines = fences("sh")
    .flatMap((block) => block.split("\n"))
    .filter((line) => line !== "" && line !== "npm test");

  it.each(lines)("runs: %s", { timeout: 60_000 }, (line) => {
    const { status, stdout, stderr } = runLine(line);
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(EXPECTED[line] ?? /this command is not in the test's table/);
  });

  it("quotes its files as they are", () => {
    const quoted = [...readme.matchAll(/<!-- file: (\S+) -->\n```ts\n([\s\S]*?)```/g)];
    expect(quoted.length).toBe(2);
    for (const [, path = "", text = ""] of quoted)
      expect(readFileSync(join(root, path), "utf8")).toContain(text.trimEnd());
    expect(fences("ts").length).toBe(quoted.length);
  });
});

describe("the loop by hand", () => {
  let model: Awaited<ReturnType<typeof startOfflineModel>>;
  beforeAll(async () => {
    model = await startOfflineModel();
    process.env["TWELVEFOLD_BASE_URL"] = model.url;
    process.env["TWELVEFOLD_API_KEY"] = "none";
    process.env["TWELVEFOLD_MODEL_NAME"] = OFFLINE_MODEL_NAME;
  });
  afterAll(() => model.close());

  it("F8.8 the hand-written loop runs and has fewer than 30 lines", async () => {
    const lines = readFileSync(join(root, "examples/hand-written-loop.ts"), "utf8")
      .split("\n")
      .filter((line) => line !== "");
    expect(lines.length).toBeLessThan(30);
    const answer = await calculate("multiply 3 and 4, then divide the result by 2 and then add 12", () => {
      throw new Error("asked");
    });
    expect(answer).toMatch(/\b18\b/);
  });

  it("F1.5 the final answer is plain language", async () => {
    const answer = await calculate("multiply 3 and feee9f9e", async () => "lets try 12 instead");
    expect(answer).toMatch(/^[A-Z][^{}]*\b36\b[^{}]*\.$/);
  });
});
