// Generates the BAML clients that only tests and the types of templates use: for each test/**/baml_src, the baml_client beside it, where it is not
// that of the present sources. `--force` generates all.
import { readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { clientStates } from "../src/cli/baml/client-state.ts";
import { generateClients } from "../src/cli/baml/generate-client.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const force = process.argv.includes("--force");

const folders = ["test", "templates"].flatMap((name) =>
  readdirSync(join(root, name), { recursive: true, withFileTypes: true }),
);
for (const folder of folders.filter((entry) => entry.isDirectory() && entry.name === "baml_src")) {
  const project = folder.parentPath;
  const fresh = clientStates(join(project, "baml_src")).every(({ problem }) => problem === undefined);
  if (fresh && !force) continue;
  for (const client of await generateClients(project, process.env))
    console.log(`generated ${relative(root, client)}`);
}
