// Generates the BAML clients that only tests use: for each test/**/baml_src, the baml_client beside it. Skips those that
// are fresh: generated from the same sources by the same version. `--force` generates all.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const version = JSON.parse(
  readFileSync(join(root, "node_modules/@boundaryml/baml/package.json"), "utf8"),
).version;
const cache = join(root, "node_modules/.cache/twelvefold");
const force = process.argv.includes("--force");

const folders = readdirSync(join(root, "test"), { recursive: true, withFileTypes: true });
for (const folder of folders.filter((entry) => entry.isDirectory() && entry.name === "baml_src")) {
  const sources = join(folder.parentPath, folder.name);
  const client = join(dirname(sources), "baml_client");
  // Not in the client's folder: BAML refuses to write into one that holds other files.
  const mark = join(cache, relative(root, client).replaceAll(/\W/g, "_"));
  const hash = createHash("sha256").update(version);
  for (const file of readdirSync(sources).sort())
    hash.update(`\0${file}\0`).update(readFileSync(join(sources, file)));
  const digest = hash.digest("hex");
  if (!force && existsSync(mark) && existsSync(client) && readFileSync(mark, "utf8") === digest) continue;
  execFileSync(
    process.execPath,
    [join(root, "node_modules/@boundaryml/baml/cli.js"), "generate", "--from", sources],
    {
      cwd: dirname(sources),
      env: { ...process.env, BAML_LOG: "error" },
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  mkdirSync(cache, { recursive: true });
  writeFileSync(mark, digest);
  console.log(`generated ${relative(root, client)}`);
}
