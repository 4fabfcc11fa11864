import { describe, expect, it } from "vitest";
import { run, snippetsOf, typeErrors } from "../docs/run-snippets.ts";

const PAGE = "docs/tools.md";
const snippets = snippetsOf(PAGE, {
  twelvefold: "src/index.ts",
  "twelvefold/testing": "src/testing/index.ts",
});

describe(PAGE, () => {
  it("its code compiles", { tags: ["F1.4", "F5.7"], timeout: 60_000 }, () => {
    expect(typeErrors(snippets)).toBe("");
  });

  it.each(snippets.map((snippet) => [snippet.line, snippet] as const))(
    "its code at line %i runs",
    { tags: ["F4.9", "F5.7"] },
    async (_, snippet) => {
      expect(await run(snippet)).toEqual(snippet.promised);
    },
  );
});
