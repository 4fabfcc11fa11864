// What takes minutes: each property with 10,000 cases (PROPERTY_RUNS sets another number), and crashes, races and faults in
// bulk. `npm run test:soak`. With arguments: only the soaks they name.
import { spawn } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const named = process.argv.slice(2);
const env = { ...process.env, BAML_LOG: "off", SCARF_ANALYTICS: "false" };
const SOAK = ["--config", "vitest.soak.config.ts"];
let failed = false;
const failures = [];

/** `shown`: its output comes as it goes; otherwise once it has ended, so that it does not mix with another's. Failures are kept. */
function vitest(args, { more = {}, shown = true } = {}) {
  return new Promise((resolve) => {
    const child = spawn("vitest", ["run", ...args], {
      cwd: root,
      env: { ...env, ...more },
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32",
    });
    let output = "";
    const keep = (data) => {
      output += data;
      if (shown) process.stdout.write(data);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("close", (code) => {
      if (code !== 0) failed = true;
      if (!shown) process.stdout.write(output);
      failures.push(
        ...stripVTControlCharacters(output)
          .split("\n")
          .filter((line) => /^\s*FAIL\s/.test(line)),
      );
      resolve();
    });
  });
}

/** Work of one processor alone, however slow it is. */
function properties() {
  const files = globSync("test/**/*.test.ts", { cwd: root }).filter((file) =>
    readFileSync(`${root}${file}`, "utf8").includes("propertyRuns("),
  );
  const more = { PROPERTY_RUNS: env.PROPERTY_RUNS ?? "10000" };
  return vitest(["--testTimeout=300000", "--maxWorkers=1", ...files], { more, shown: false });
}

if (named.length > 0) await vitest([...SOAK, ...named]);
else await Promise.all([properties(), vitest(SOAK)]);
// Once more, where they are read: what has failed may stand far above.
for (const line of failures) console.log(line.trim());
process.exit(failed ? 1 : 0);
