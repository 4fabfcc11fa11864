import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundlePackage } from "../../scripts/bundle.ts";

const root = join(import.meta.dirname, "../..");
// Inside the project, so that the packages are found.
const folder = mkdtempSync(join(root, "node_modules", ".twelvefold-bundle-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => bundlePackage(folder), 60_000);

function run(program: string): unknown {
  const args = ["--no-warnings", "--input-type=module", "--eval", program];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: folder, encoding: "utf8" }));
}

/** The files that are loaded with an entry at once, and what they import besides. */
function loadedWith(entry: string): {
  readonly files: readonly string[];
  readonly others: readonly string[];
} {
  const files = new Set([join(folder, entry)]);
  const others = new Set<string>();
  for (const file of files) {
    const imports = readFileSync(file, "utf8").matchAll(
      /^(?:import|export)\b(?:[^"';]*?\bfrom)?\s*["']([^"']+)["']/gm,
    );
    for (const [, name = ""] of imports) {
      if (name.startsWith(".")) files.add(resolve(dirname(file), name));
      else others.add(name);
    }
  }
  return { files: [...files], others: [...others] };
}

it("every entry of the package loads, and errors of one are errors of the others", { tags: "E2" }, () => {
  const manifest = readFileSync(join(root, "package.json"), "utf8");
  const entries = [...manifest.matchAll(/"default": "\.\/dist\/(.*\.js)"/g)].map((match) => match[1]);
  expect(entries).toContain("src/index.js");
  const program = `
    const modules = await Promise.all(${JSON.stringify(entries)}.map((entry) => import("./" + entry)));
    const [{ UsageError, TwelvefoldError }] = modules;
    const { openSqliteStore } = await import("./src/store/sqlite/open.js");
    const error = await openSqliteStore("").catch((thrown) => thrown);
    const empty = modules.filter((module) => Object.keys(module).length === 0).length;
    console.log(JSON.stringify([empty, error instanceof UsageError, TwelvefoldError.isInstance(error)]));`;
  expect(run(program)).toEqual([0, true, true]);
});

it("starting takes few files, and of Node's modules and the packages only what is used", {
  tags: "E2",
}, () => {
  const { files, others } = loadedWith("src/index.js");
  expect(files.length).toBeLessThanOrEqual(5);
  expect(others).toEqual(["@boundaryml/baml"]);
  const command = loadedWith("src/cli/main.js");
  expect(command.others.toSorted()).toEqual(["@boundaryml/baml", "commander", "picocolors"]);
  expect(loadedWith("src/client/index.js").files.length).toBe(1);
});

it("the inbox finds the files it serves beside the bundled code", { tags: "E2" }, () => {
  cpSync(join(root, "src/inbox/assets"), join(folder, "src/inbox/assets"), { recursive: true });
  const program = `
    const { inboxAssets } = await import("./src/inbox/index.js");
    const files = await Promise.all(
      ["inbox.css", "inbox.js", "htmx.js"].map((file) => inboxAssets().request("/inbox/assets/" + file)),
    );
    console.log(JSON.stringify(files.map(({ status }) => status)));`;
  expect(run(program)).toEqual([200, 200, 200]);
});
