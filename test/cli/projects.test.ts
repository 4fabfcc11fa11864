import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const home = mkdtempSync(join(tmpdir(), "twelvefold-projects-"));
afterAll(() => rmSync(home, { recursive: true }));

function project(name: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = join(home, name);
  mkdirSync(folder);
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content);
  return folder;
}

function twelvefold(cwd: string, args: readonly string[], nodeArgs: readonly string[] = []) {
  return new Promise<{ readonly code: unknown; readonly stdout: string; readonly stderr: string }>(
    (resolve) => {
      const all = [...nodeArgs, join(root, "bin/twelvefold.mjs"), ...args];
      execFile(process.execPath, all, { cwd }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
      );
    },
  );
}

const CONFIG = `
import { calculator } from "${join(root, "src/agents/calculator/agent.ts")}";
import { defineConfig } from "${join(root, "src/index.ts")}";

export default defineConfig({ agents: [calculator] });
`;

describe("a project", { tags: "E1" }, () => {
  it.each([
    ["of ECMAScript modules", '{ "type": "module" }'],
    ["of CommonJS modules", "{}"],
    ["that says CommonJS", '{ "type": "commonjs" }'],
  ])("%s has a configuration in TypeScript", async (name, manifest) => {
    const folder = project(name, { "package.json": manifest, "twelvefold.config.ts": CONFIG });
    const { code, stderr } = await twelvefold(folder, ["list"]);
    expect([code, stderr]).toEqual([0, ""]);
  });

  it("without a default export is told what to export", async () => {
    const folder = project("empty", {
      "package.json": "{}",
      "twelvefold.config.ts": "export const agents = [];",
    });
    const { code, stderr } = await twelvefold(folder, ["list"]);
    expect(code).toBe(2);
    expect(stderr).toContain("twelvefold.config.ts must export by default");
  });

  it.each([
    ["throws", 'throw new Error("boom");', "twelvefold.config.ts:1: boom"],
    ["is no TypeScript", "export default {", "twelvefold.config.ts:1"],
    ["imports what is not there", 'import "./agents.ts";', "agents.ts"],
    ["imports a file that throws", '\nimport "./thrower.ts";', "cannot be loaded: thrower.ts:3: boom"],
    ["imports a file by half its name", 'import "./nobody";', "an import names the file whole"],
  ])("whose configuration %s is told which file it is, and the line", async (name, source, said) => {
    const folder = project(name, {
      "package.json": "{}",
      "twelvefold.config.ts": source,
      "thrower.ts": '\n\nthrow new Error("boom");',
    });
    const { code, stderr } = await twelvefold(folder, ["list"]);
    expect(code).toBe(2);
    expect(stderr).toContain("twelvefold.config.ts cannot be loaded: ");
    expect(stderr).toContain(said);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it("that is none yet is told how to write one", async () => {
    const { code, stderr } = await twelvefold(project("nothing", {}), ["list"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/there is no twelvefold\.config\.ts in .*npx twelvefold init my-agent/);
  });

  it("with an .env in UTF-16 is told so, and of a proxy that comes too late", async () => {
    const files = { "package.json": '{ "type": "module" }', "twelvefold.config.ts": CONFIG };
    const folder = project("env", { ...files, ".env": Buffer.from("\ufeffA=1", "utf16le") });
    const refused = await twelvefold(folder, ["list"]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(".env is UTF-16");
    writeFileSync(join(folder, ".env"), "NODE_USE_ENV_PROXY=1\n");
    const late = await twelvefold(folder, ["list"]);
    expect(late.code).toBe(0);
    expect(late.stderr).toContain("NODE_USE_ENV_PROXY in .env comes too late");
  });
});

it("an old Node is told how to get a newer one", async () => {
  const old = "data:text/javascript,Object.defineProperty(process.versions, 'node', { value: '20.19.0' })";
  const { code, stderr } = await twelvefold(root, ["list"], ["--import", old]);
  expect(code).toBe(2);
  expect(stderr).toContain("twelvefold needs Node 22.16 or later");
  // A clone brings its own; a project adds one.
  expect(stderr).toContain("one for this project alone (npm install)");
});
