import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readRequirementRows } from "../../scripts/requirement-rows.ts";
import { type ScriptedModel, startScriptedModel } from "../../src/model/index.ts";
import { brokenLinks, pagesOfDocs } from "./links.ts";
import { DOOR_IMPORTS, run, snippetsOf } from "./run-snippets.ts";

const root = join(import.meta.dirname, "..", "..");

/** What readers import: the doors of the package, and the client that BAML generates in their project. */
const IMPORTS = {
  ...DOOR_IMPORTS,
  zod: "zod",
  "@boundaryml/baml": "@boundaryml/baml",
  "./baml_client/index.ts": "test/prompts/baml_client/index.ts",
  "./baml_client/inlinedbaml.ts": "test/prompts/baml_client/inlinedbaml.ts",
};

const FACTORS = readdirSync(join(root, "docs/factors")).map((name) => `docs/factors/${name}`);
const PAGES = [
  ...FACTORS,
  ...[
    "agents",
    "steps",
    "runtime",
    "testing",
    "generated-client",
    "errors",
    "moving",
    "operations",
    "deploy",
  ].map((name) => `docs/${name}.md`),
];
const snippets = PAGES.flatMap((page) => snippetsOf(page, IMPORTS));

describe("the book", () => {
  /** What a model would answer on the page about the generated client. */
  let model: ScriptedModel;
  beforeAll(async () => {
    model = await startScriptedModel(['{"intent":"refund","order_id":"A1","amount":40}']);
    process.env["TWELVEFOLD_MODEL"] = "openai-generic/local";
    process.env["TWELVEFOLD_BASE_URL"] = model.url;
  });
  afterAll(async () => {
    delete process.env["TWELVEFOLD_MODEL"];
    delete process.env["TWELVEFOLD_BASE_URL"];
    await model.close();
  });

  it("has a page for each factor, each of them with the same four questions answered", () => {
    expect(FACTORS.length).toBe(13);
    for (const page of FACTORS) {
      const headings = readFileSync(join(root, page), "utf8").match(/^## .*$/gm);
      expect(headings, page).toEqual([
        "## What the guide says",
        "## What the module does",
        "## Alone, in an existing product",
        "## Replacing it",
      ]);
    }
  });

  it.each(snippets.map((snippet) => [`${snippet.page}:${snippet.line}`, snippet] as const))(
    "the code of %s prints what it says",
    async (_, snippet) => {
      expect(snippet.promised.length).toBeGreaterThan(0);
      expect(await run(snippet)).toEqual(snippet.promised);
    },
  );

  it("every row of capabilities.md names the page that tells about it", () => {
    const bare = readRequirementRows().filter(({ what }) => !/\]\([^)]+\.md(?:#[^)]+)?\)/.test(what));
    expect(bare.map(({ id }) => id)).toEqual([]);
  });

  it("every link of README and docs leads to a file and a heading that are there", () => {
    const broken = pagesOfDocs(root).flatMap((page) => brokenLinks(root, page));
    expect(broken).toEqual([]);
  });
});
