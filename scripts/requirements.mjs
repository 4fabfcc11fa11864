// Lists the rows of docs/capabilities.md that no test names. With --check it fails when a row marked ✓ is among them.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const rows = [
  ...readFileSync(join(root, "docs/capabilities.md"), "utf8").matchAll(
    /^\| ([FSE]\d[\d.]*) \| (.+?) \| (✓?) *\|$/gm,
  ),
].map(([, id, what, mark]) => ({ id, what, claimed: mark === "✓" }));
const files = readdirSync(join(root, "test"), { recursive: true })
  .map(String)
  .filter((name) => /\.(test|soak)\.tsx?$/.test(name) || name.endsWith("store-contract.ts"))
  .map((name) => join(root, "test", name));
const titles = [...files, join(root, "src/testing/store-contract.ts")]
  .map((file) => readFileSync(file, "utf8"))
  .flatMap((text) =>
    [...text.matchAll(/\b(?:it|test|describe)(?:\.\w+)*(?:\([^"'`]*?\))?\(\s*["'`]([^"'`\n]*)/g)].map(
      (match) => match[1],
    ),
  );
const named = new Set(titles.flatMap((title) => title.match(/\b[FSE]\d+(?:\.\d+)?\b/g) ?? []));

const missing = rows.filter(({ id }) => !named.has(id));
const unknown = [...named].filter((id) => /^[FSE]/.test(id) && !rows.some((row) => row.id === id));
const broken = missing.filter(({ claimed }) => claimed);
for (const { id, what, claimed } of missing) console.log(`${claimed ? "✗" : "·"} ${id} ${what}`);
console.log(
  `${rows.length - missing.length} of ${rows.length} rows are named by a test; ${broken.length} claimed without one`,
);
if (unknown.length > 0) console.log(`not in the table: ${unknown.join(", ")}`);
process.exit(process.argv.includes("--check") && broken.length > 0 ? 1 : 0);
