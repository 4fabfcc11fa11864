// What takes minutes: each property with 10,000 cases (PROPERTY_RUNS sets another number), then crashes, races and faults
// in bulk. `npm run test:soak`. With arguments: only the soaks they name.
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const named = process.argv.slice(2);
const env = { ...process.env, BAML_LOG: "off", SCARF_ANALYTICS: "false" };
let failed = false;

function vitest(args, more = {}) {
  const { status } = spawnSync("vitest", ["run", ...args], {
    cwd: root,
    env: { ...env, ...more },
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (status !== 0) failed = true;
}

if (named.length === 0) {
  const properties = globSync("test/**/*.test.ts", { cwd: root }).filter((file) =>
    readFileSync(`${root}${file}`, "utf8").includes("propertyRuns("),
  );
  vitest(["--testTimeout=120000", ...properties], { PROPERTY_RUNS: env.PROPERTY_RUNS ?? "10000" });
}
vitest(["--config", "vitest.soak.config.ts", ...named]);
process.exit(failed ? 1 : 0);
