import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

it("editing a prompt needs no TypeScript edit: a stale client is noticed and generated anew", {
  tags: "F2.1",
  timeout: 30_000,
}, () => {
  const copy = mkdtempSync(join(tmpdir(), "twelvefold-"));
  for (const path of ["scripts", "baml_src", "bin", "src", "package.json"])
    cpSync(join(root, path), join(copy, path), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  const node = (script: string) =>
    spawnSync(process.execPath, [join(copy, "scripts", script)], { encoding: "utf8" });

  expect(node("setup.mjs").status).toBe(0);
  expect(node("check-baml.mjs")).toMatchObject({ status: 0, stderr: "" });
  const again = node("setup.mjs");
  expect([again.status, again.stderr]).toEqual([0, ""]);

  const prompt = join(copy, "baml_src", "calculator.baml");
  appendFileSync(prompt, "\n// edited\n");
  expect(node("check-baml.mjs")).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("baml_client is stale"),
  });
  expect(node("setup.mjs").stderr).toContain(
    "baml_client was not generated from the current baml_src: generating it",
  );
  expect(node("check-baml.mjs").status).toBe(0);

  writeFileSync(prompt, "class {");
  const broken = node("setup.mjs");
  expect(broken.status).not.toBe(0);
  expect(broken.stderr).toMatch(/^the BAML client cannot be generated: .*\n.*baml_src\/calculator\.baml:1$/m);
  expect(broken.stderr).not.toMatch(/backtrace|baml_runtime|INFO|\d{4}-\d\d/);
  expect(existsSync(join(copy, "baml_client", "index.ts"))).toBe(true);
  expect(readFileSync(join(root, "baml_src", "calculator.baml"), "utf8")).not.toContain("// edited");
});

it("a clone whose dependencies are not installed says so, without a trace", { tags: "E9" }, () => {
  const copy = mkdtempSync(join(tmpdir(), "twelvefold-"));
  for (const path of ["bin", "src/cli/main.ts", "package.json"])
    cpSync(join(root, path), join(copy, path), { recursive: true });
  const started = spawnSync(process.execPath, [join(copy, "bin", "twelvefold.mjs"), "list"], {
    encoding: "utf8",
  });
  expect([started.status, started.stderr]).toEqual([
    2,
    "twelvefold: the dependencies of this clone are not installed: run npm install (npm start does it by itself)\n",
  ]);
});
