import { describe, expect, it } from "vitest";
import { run, snippetsOf } from "../docs/run-snippets.ts";

const IMPORTS = { twelvefold: "src/index.ts", "twelvefold/testing": "src/testing/index.ts" };
const tools = snippetsOf("docs/tools.md", IMPORTS);
const delegation = snippetsOf("docs/delegation.md", IMPORTS);

describe("the pages on tools and delegation", () => {
  it.each(tools.map((snippet) => [snippet.line, snippet] as const))(
    "the code about tools at line %i runs",
    { tags: ["F4.9", "F5.7"] },
    async (_, snippet) => {
      expect(await run(snippet)).toEqual(snippet.promised);
    },
  );

  it.each(delegation.map((snippet) => [snippet.line, snippet] as const))(
    "the code about delegation at line %i runs",
    { tags: ["F10.3", "F10.4"] },
    async (_, snippet) => {
      expect(await run(snippet)).toEqual(snippet.promised);
    },
  );
});
