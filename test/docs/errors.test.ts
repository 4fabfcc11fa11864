import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

it("docs/errors.md lists exactly the codes of the source", () => {
  const union = /export type ErrorCode =([^;]+);/.exec(read("src/base/errors.ts"))?.[1] ?? "";
  const source = [...union.matchAll(/"(\w+)"/g)].map((match) => match[1]);
  const documented = [...read("docs/errors.md").matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]);
  expect(source.length).toBeGreaterThan(10);
  expect(documented.toSorted()).toEqual(source.toSorted());
});
