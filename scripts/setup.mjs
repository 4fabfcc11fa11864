// Installs and generates what is missing or out of date, and says so; otherwise does nothing, quickly.
// Runs on any Node, with nothing installed.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const path = (...parts) => join(root, ...parts);
const hash = (...texts) => createHash("sha256").update(texts.join("\0")).digest("hex");
const stampIs = (file, stamp) => existsSync(file) && readFileSync(file, "utf8") === stamp;

/** How often it is said that something still goes on, in ms. */
const SIGN_OF_LIFE = 10_000;

function run(what, command, args) {
  const began = Date.now();
  const alive = setInterval(() => {
    process.stderr.write(`  ${what} goes on (${Math.round((Date.now() - began) / 1000)} s)\n`);
  }, SIGN_OF_LIFE);
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, shell: process.platform === "win32" });
    let output = "";
    const keep = (data) => {
      output += data;
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (error) => keep(error.message));
    child.on("close", (status) => {
      clearInterval(alive);
      if (status === 0) return resolve();
      process.stderr.write(`${output}\n${what} failed.\n`);
      process.exit(status || 1);
    });
  });
}

async function install() {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(path("package.json"), "utf8"));
  const stamp = hash(JSON.stringify([dependencies, devDependencies, process.platform, process.arch]));
  const file = path("node_modules", ".twelvefold-installed");
  if (stampIs(file, stamp)) return;
  process.stderr.write("Installing dependencies (once; how long depends on your connection)…\n");
  const npm = process.env.npm_execpath;
  const args = ["install", "--no-audit", "--no-fund", "--loglevel=error"];
  if (npm === undefined) await run("npm install", "npm", args);
  else await run("npm install", process.execPath, [npm, ...args]);
  writeFileSync(file, stamp);
}

function link() {
  const bin = path("node_modules", ".bin", "twelvefold");
  if (existsSync(bin)) return;
  mkdirSync(path("node_modules", ".bin"), { recursive: true });
  if (process.platform === "win32") {
    writeFileSync(`${bin}.cmd`, '@node "%~dp0\\..\\..\\bin\\twelvefold.mjs" %*\r\n');
  } else {
    chmodSync(path("bin", "twelvefold.mjs"), 0o755);
    symlinkSync("../../bin/twelvefold.mjs", bin);
  }
}

async function generate() {
  // An older Node cannot read TypeScript; the one that is installed here can.
  if (!process.features.typescript) {
    if (process.argv.includes("--again")) throw new Error(`${process.version} cannot read TypeScript`);
    const node = path("node_modules", ".bin", "node");
    const args = [fileURLToPath(import.meta.url), "--again"];
    const { status } = spawnSync(node, args, { stdio: "inherit", shell: process.platform === "win32" });
    if (status !== 0) process.exit(status || 1);
    return;
  }
  const { freshenClient } = await import("../src/cli/baml/fresh-client.ts");
  const say = (text) => process.stderr.write(`${text}\n`);
  try {
    await freshenClient({ project: root, env: { ...process.env, NODE_ENV: "development" }, say });
  } catch (error) {
    say(error.message);
    process.exit(1);
  }
}

await install();
link();
await generate();
