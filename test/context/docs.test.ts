import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { EVENTS } from "../../src/thread/events.ts";
import { run, snippetsOf } from "../docs/run-snippets.ts";

const PAGE = "docs/context.md";
const page = readFileSync(join(import.meta.dirname, "../..", PAGE), "utf8");
const snippets = snippetsOf(PAGE, {
  twelvefold: "src/index.ts",
  "twelvefold/context": "src/context/index.ts",
  "twelvefold/testing": "src/testing/index.ts",
});

describe(PAGE, () => {
  it.each(snippets.map((snippet) => [snippet.line, snippet] as const))(
    "its code at line %i runs",
    { tags: "F3.4" },
    async (_, snippet) => {
      expect(await run(snippet)).toEqual(snippet.promised);
      expect(snippet.promised.length).toBeGreaterThan(0);
    },
  );

  it("its table says of every event type what the model sees", { tags: "F3.2" }, () => {
    const rows = [...page.matchAll(/^\| (`[a-z_`, ]+`) \|/gm)].flatMap(([, names = ""]) =>
      [...names.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name),
    );
    expect(rows.toSorted()).toEqual(Object.keys(EVENTS).toSorted());
  });
});
