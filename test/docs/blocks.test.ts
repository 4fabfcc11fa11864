import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { pagesOfDocs } from "./links.ts";
import { DOOR_IMPORTS, type Snippet, snippetsOf } from "./run-snippets.ts";

const root = join(import.meta.dirname, "..", "..");
const FOLDER = "blocks";

/** Packages that only `npm run test:package` installs: what is imported from them has no type here. */
const ELSEWHERE = ["@ai-sdk/react", "ai"];
const itself = (name: string) => [name, name] as const;

/** What readers import, and the files of this repository that stand for it. */
const IMPORTS = {
  ...DOOR_IMPORTS,
  ...Object.fromEntries(["@boundaryml/baml", "hono", "hono/cookie", "jose", "zod"].map(itself)),
  ...Object.fromEntries(ELSEWHERE.map(itself)),
  ...Object.fromEntries(
    ["index", "inlinedbaml", "type_builder"].map((file) => [
      `./baml_client/${file}.ts`,
      `test/prompts/baml_client/${file}.ts`,
    ]),
  ),
  "./oidc-sign-in.ts": "examples/oidc-sign-in.ts",
  // Blocks of README are files of this repository.
  ...Object.fromEntries(
    ["../", "../../../"].flatMap((up) =>
      ["index", "inlinedbaml"].map((file) => [`${up}baml_client/${file}.ts`, `baml_client/${file}.ts`]),
    ),
  ),
  "../src/agents/calculator/agent.ts": "src/agents/calculator/agent.ts",
};

/** What the compiler says about blocks, under the repository's own settings: each fault with the page and line of its block. */
function typeErrors(blocks: readonly Snippet[]): string[] {
  const config = join(root, ".twelvefold", FOLDER, "tsconfig.json");
  const files = blocks.map(({ file }) => file);
  writeFileSync(config, JSON.stringify({ extends: "../../tsconfig.json", files, include: [] }));
  const tsc = join(root, "node_modules", ".bin", "tsc");
  const { status, stdout } = spawnSync(tsc, ["-p", config], { cwd: root, encoding: "utf8" });
  if (status === null) throw new Error("the compiler did not end");
  const placed = (line: string) => {
    const block = blocks.find(({ file }) => line.startsWith(`${relative(root, file)}(`));
    return block === undefined ? line : `${block.page}:${block.line} ${line.slice(line.indexOf(": ") + 2)}`;
  };
  const unknown = ELSEWHERE.map((name) => `Cannot find module '${name}'`);
  return stdout
    .split("\n")
    .filter((line) => /^\S/.test(line) && !unknown.some((text) => line.includes(text)))
    .map(placed);
}

const blocks = pagesOfDocs(root).flatMap((page) => snippetsOf(page, IMPORTS, FOLDER));

describe("every `ts` block of README and docs", { tags: "E7" }, () => {
  it("stands alone: it imports what it uses, and declares what its reader has already", {
    timeout: 120_000,
  }, () => {
    expect(blocks.length).toBeGreaterThan(100);
    expect(typeErrors(blocks)).toEqual([]);
  });

  it("says beside each `console.log` what it prints; README does so under its program", () => {
    // What stands behind an `if` may print nothing.
    const silent = blocks.filter(
      ({ page, code }) => page !== "README.md" && /^ *console\.log\((?!.*\/\/ → ).*$/m.test(code),
    );
    expect(silent.map(({ page, line }) => `${page}:${line}`)).toEqual([]);
  });
});
