import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bareCode, blocksOf, missingImports } from "../../docs/shown-code.ts";

const page = await readFile(join(import.meta.dirname, "../../../docs/scale.md"), "utf8");

describe("docs/scale.md", { tags: "E4" }, () => {
  it("shows code that compiles here, and imports what it uses", async () => {
    expect(missingImports(page, "test/runtime/engines/docs-example.ts")).toEqual([]);
    const example = bareCode(await readFile(join(import.meta.dirname, "docs-example.ts"), "utf8"));
    expect(blocksOf(page).length).toBeGreaterThanOrEqual(2);
    for (const code of blocksOf(page))
      expect(example).toContain(bareCode(code).replace("//twelvefold.config.ts", ""));
  });
});
