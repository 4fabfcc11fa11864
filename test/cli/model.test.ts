import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

it("`model offline` prints what the BAML tests and the playground need, and answers them", {
  tags: "E3",
}, async () => {
  const program = [join(root, "bin/twelvefold.mjs"), "model", "offline"];
  const server = spawn(process.execPath, program, { cwd: root, stdio: ["ignore", "pipe", "ignore"] });
  const closed = once(server, "close");
  let printed = "";
  for await (const data of server.stdout) {
    printed += String(data);
    if (/^TWELVEFOLD_MODEL_NAME=.*$/m.test(printed)) break;
  }
  const settings = Object.fromEntries(
    printed
      .trim()
      .split("\n")
      .map((line) => line.split("=")),
  );
  expect(Object.keys(settings)).toEqual([
    "TWELVEFOLD_BASE_URL",
    "TWELVEFOLD_API_KEY",
    "TWELVEFOLD_MODEL_NAME",
  ]);

  const bamlCli = join(root, "node_modules/@boundaryml/baml/cli.js");
  const one = ["test", "--from", "baml_src", "-i", "DetermineNextStep::Multiply"];
  const env = { ...process.env, BAML_LOG: "off", ...settings };
  const tests = spawn(process.execPath, [bamlCli, ...one], { cwd: root, env, stdio: "ignore" });
  expect(await once(tests, "close")).toEqual([0, null]);

  server.kill("SIGTERM");
  expect(await closed).toEqual([0, null]);
});
