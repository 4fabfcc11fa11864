import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { UsageError } from "../../src/base/errors.ts";
import { SERVE_NEEDS, withPackages } from "../../src/base/missing-package.ts";

async function failed(name: string): Promise<unknown> {
  const url = `data:text/javascript,import "${name}";`;
  return import(/* @vite-ignore */ url).catch((caught: unknown) => caught);
}

function loading(error: unknown): Promise<unknown> {
  const loaded = withPackages("serve", SERVE_NEEDS, () => Promise.reject(error));
  return loaded.catch((caught: unknown) => caught);
}

it.each([
  ["ERR_MODULE_NOT_FOUND", "Cannot find package 'hono' imported from server.js", "hono"],
  [
    "ERR_MODULE_NOT_FOUND",
    "Cannot find package '@hono/node-server' imported from start.js",
    "@hono/node-server",
  ],
  ["MODULE_NOT_FOUND", "Cannot find module 'croner/dist/croner.js'", "croner"],
])(
  "a missing optional package is named with the command that installs it: %s %s",
  async (code, text, name) => {
    const error = await loading(Object.assign(new Error(text), { code }));
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ details: { package: name } });
    expect(String(error)).toContain(
      `serve needs ${name}, which is not installed: npm install hono@4 @hono/node-server@2`,
    );
  },
);

it("other errors stay as they are", async () => {
  const others = [new Error("Cannot find package 'hono'"), "text", undefined, await failed("left-out")];
  for (const other of others) expect(await loading(other)).toBe(other);
});

it("what it names are optional peers of the package, or come with it", () => {
  const { peerDependenciesMeta, dependencies } = JSON.parse(readFileSync("package.json", "utf8"));
  for (const name of SERVE_NEEDS) {
    if (dependencies[name] === undefined) expect(peerDependenciesMeta[name]).toEqual({ optional: true });
  }
});
