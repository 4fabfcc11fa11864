// What takes minutes: each property with 10,000 cases (PROPERTY_RUNS sets another number), then crashes, races and faults
// in bulk. `npm run test:soak`. With arguments: only the soaks they name.
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const named = process.argv.slice(2);
const env = { ...process.env, BAML_LOG: "off", SCARF_ANALYTICS: "false" };
/** Soaks that run in their own process alone, two at once. */
const IN_PROCESS = ["attack", "hostile-channels", "http", "mcp"];
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
// What starts and kills programs has the machine to itself.
const soaks = globSync("test/soak/*.soak.ts", { cwd: root });
const inProcess = soaks.filter((file) => IN_PROCESS.some((name) => file.endsWith(`/${name}.soak.ts`)));
const config = ["--config", "vitest.soak.config.ts"];
if (named.length > 0) vitest([...config, ...named]);
else {
  vitest([...config, "--maxWorkers=2", ...inProcess]);
  vitest([...config, ...soaks.filter((file) => !inProcess.includes(file))]);
}
process.exit(failed ? 1 : 0);
