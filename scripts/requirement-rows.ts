import { readFileSync } from "node:fs";

/** A row of docs/capabilities.md: one thing that can be tested. */
export interface RequirementRow {
  readonly id: string;
  readonly what: string;
  /** Marked ✓: some test proves it. */
  readonly claimed: boolean;
}

/** The rows of docs/capabilities.md. Their ids are the tags that tests may carry. */
export function readRequirementRows(): readonly RequirementRow[] {
  const table = readFileSync(new URL("../docs/capabilities.md", import.meta.url), "utf8");
  return [...table.matchAll(/^\| (?<id>[FSE]\d[\d.]*) \| (?<what>.+?) \| (?<mark>✓?) *\|$/gm)].map(
    ({ groups }) => ({
      id: groups?.["id"] ?? "",
      what: groups?.["what"] ?? "",
      claimed: groups?.["mark"] === "✓",
    }),
  );
}

/** The rows as tags of Vitest: `vitest run --tags-filter F4.8` runs the tests of one row. */
export function requirementTags(): { name: string; description: string }[] {
  return readRequirementRows().map(({ id, what }) => ({ name: id, description: what }));
}
