// Lists the rows of docs/capabilities.md that no test names in its tags or in the title of its `describe`.
// With --check it fails when a row marked ✓ is among them, and when the title of a test holds an id.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readRequirementRows } from "./requirement-rows.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const rows = readRequirementRows();
const files = readdirSync(join(root, "test"), { recursive: true })
  .map(String)
  .filter((name) => /\.(test|soak|pack)\.tsx?$/.test(name));
const DESCRIBE = /\bdescribe(?:\.\w+)*(?:\([^"'`]*?\))?\(\s*["'`]([^"'`\n]*)/g;
/** A text that begins with an id where only the title of a test can stand. */
const TITLE = /(?<!\bdescribe(?:\.\w+)*(?:\([^"'`]*?\))?)\(\s*["'`]([FSE]\d+(?:\.\d+)? [^"'`\n]*)/g;
const TAGS = /\btags: (\[[^\]]*\]|"[^"]*")/g;
const ID = /\b[FSE]\d+(?:\.\d+)?\b/g;

const named = new Set();
const misplaced = [];
for (const name of files) {
  const text = readFileSync(join(root, "test", name), "utf8");
  for (const [, tags] of text.matchAll(TAGS)) for (const id of tags.match(ID) ?? []) named.add(id);
  for (const [, title] of text.matchAll(DESCRIBE)) for (const id of title.match(ID) ?? []) named.add(id);
  for (const [, title] of text.matchAll(TITLE)) misplaced.push(`test/${name}: ${title}`);
}

const missing = rows.filter(({ id }) => !named.has(id));
const unknown = [...named].filter((id) => !rows.some((row) => row.id === id));
const broken = missing.filter(({ claimed }) => claimed);
for (const { id, what, claimed } of missing) console.log(`${claimed ? "✗" : "·"} ${id} ${what}`);
console.log(
  `${rows.length - missing.length} of ${rows.length} rows are named by a test; ${broken.length} claimed without one`,
);
if (unknown.length > 0) console.log(`not in the table: ${unknown.join(", ")}`);
if (misplaced.length > 0)
  console.log(`ids belong into { tags: … }, not into a title:\n  ${misplaced.join("\n  ")}`);
const failed = broken.length + misplaced.length > 0;
process.exit(process.argv.includes("--check") && failed ? 1 : 0);
