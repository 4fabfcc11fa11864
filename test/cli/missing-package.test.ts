import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { UsageError } from "../../src/base/errors.ts";
import { explainMissingPackage, SERVE_NEEDS } from "../../src/cli/missing-package.ts";

async function failed(name: string): Promise<unknown> {
  const url = `data:text/javascript,import "${name}";`;
  const error = await import(/* @vite-ignore */ url).catch((caught: unknown) => caught);
  return error;
}

it("a missing optional package is named with the command that installs it", () => {
  const thrown = Object.assign(new Error("Cannot find package 'hono' imported from server.js"), {
    code: "ERR_MODULE_NOT_FOUND",
  });
  const explained = explainMissingPackage(thrown);
  expect(explained).toBeInstanceOf(UsageError);
  expect(String(explained)).toContain("npm install hono @hono/node-server");
});

it("other errors stay as they are", async () => {
  const others = [new Error("Cannot find package 'hono'"), "text", undefined, await failed("left-out")];
  for (const other of others) expect(explainMissingPackage(other)).toBe(other);
});

it("what it names are optional peers of the package", () => {
  const { peerDependenciesMeta } = JSON.parse(readFileSync("package.json", "utf8"));
  for (const name of SERVE_NEEDS) expect(peerDependenciesMeta[name]).toEqual({ optional: true });
});
