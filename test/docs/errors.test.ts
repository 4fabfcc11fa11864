import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { HTTP_STATUS } from "../../src/base/errors.ts";
import { SERVER_CODES } from "../../src/server/problem.ts";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

it("docs/errors.md lists exactly the codes of the package and its server, each with its HTTP status and a section of its own", () => {
  const union = /export type ErrorCode =([^;]+);/.exec(read("src/base/errors.ts"))?.[1] ?? "";
  const source = [...union.matchAll(/"(\w+)"/g)].map(([, code = ""]) => code);
  const page = read("docs/errors.md");
  const rows = [...page.matchAll(/^\| `(\w+)` \| \[.*\]\(#(\w+)\) \| (\d+) \|(?: `\w+` \|)?$/gm)];
  const wanted = Object.entries({ ...HTTP_STATUS, ...SERVER_CODES }).map(([code, status]) => [
    code,
    code,
    String(status),
  ]);
  expect(source.length).toBeGreaterThan(10);
  expect(Object.keys(HTTP_STATUS).toSorted()).toEqual(source.toSorted());
  expect(rows.map(([, ...cells]) => cells).toSorted()).toEqual(wanted.toSorted());
  const sections = page.split(/^## /m).slice(1);
  expect(sections.map((section) => section.split("\n")[0])).toEqual(rows.map(([, code]) => code));
  for (const section of sections) expect(section).toContain("**Do:**");
});
