/*
 * What this package and others weigh when they are installed, and how long it takes to import them: `node scripts/weigh.ts`.
 * Packs this package, installs each into an empty folder with npm, and prints a Markdown table. Needs a registry.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

interface Subject {
  readonly title: string;
  readonly install: Readonly<Record<string, string>>;
  /** What a program of an agent imports. */
  readonly imports: readonly string[];
}

const root = fileURLToPath(new URL("..", import.meta.url));
const RUNS = 11;

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    shell: process.platform === "win32",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

/** The bytes of a folder's files. */
function bytesOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

/** The bytes of each installed package, the heaviest first. */
function packagesIn(folder: string): readonly (readonly [string, number])[] {
  const modules = join(folder, "node_modules");
  const names = readdirSync(modules)
    .filter((name) => !name.startsWith("."))
    .flatMap((name) =>
      name.startsWith("@") ? readdirSync(join(modules, name)).map((inner) => `${name}/${inner}`) : [name],
    );
  return names.map((name) => [name, bytesOf(join(modules, name))] as const).toSorted(([, a], [, b]) => b - a);
}

/** The time, in ms, of a process that imports these and ends: the fastest of several. */
function timeOf(imports: readonly string[], cwd: string): number {
  const program = imports.map((name) => `await import(${JSON.stringify(name)});`).join("\n");
  writeFileSync(join(cwd, "import.mjs"), `${program}\nprocess.exit(0);\n`);
  const times = Array.from({ length: RUNS }, () => {
    const began = performance.now();
    run(process.execPath, ["--no-warnings", "import.mjs"], cwd);
    return performance.now() - began;
  });
  return Math.min(...times);
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);

function rowOf({ title, install, imports }: Subject): string {
  const folder = mkdtempSync(join(tmpdir(), "twelvefold-weigh-"));
  try {
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies: install }));
    const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
    run("npm", ["install", "--omit=dev", "--ignore-scripts", ...quiet], folder);
    const packages = packagesIn(folder);
    const total = packages.reduce((sum, [, bytes]) => sum + bytes, 0);
    const heaviest = packages.slice(0, 5).map(([name, bytes]) => `${name} ${megabytes(bytes)}`);
    const bare = timeOf([], folder);
    const loaded = timeOf(imports, folder);
    const versions = Object.entries(install).map(([name, version]) => {
      const manifest = join(folder, "node_modules", name, "package.json");
      const installed: unknown = JSON.parse(readFileSync(manifest, "utf8")).version;
      return `${name} ${version.startsWith("file:") ? `${installed} (packed)` : installed}`;
    });
    const cells = [title, versions.join(", "), packages.length, megabytes(total), heaviest.join(", ")];
    return `| ${[...cells, `${Math.round(loaded - bare)}`].join(" | ")} |`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const packed = mkdtempSync(join(tmpdir(), "twelvefold-weigh-"));
run("npm", ["pack", "--pack-destination", packed, "--loglevel=error"], root);
const [archive = ""] = readdirSync(packed);
const own = { twelvefold: `file:${join(packed, archive)}` };
const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const served = [
  "hono",
  "@hono/node-server",
  "@hono/zod-openapi",
  "@opentelemetry/api",
  "croner",
  "pino",
  "zod",
];
const SUBJECTS: readonly Subject[] = [
  { title: "Twelvefold", install: own, imports: ["twelvefold"] },
  {
    title: "Twelvefold with API and inbox",
    install: {
      ...own,
      ...Object.fromEntries(served.map((name) => [name, devDependencies[name] ?? "4.6.7"])),
    },
    imports: ["twelvefold", "twelvefold/server", "twelvefold/inbox", "twelvefold/sqlite"],
  },
  {
    title: "AI SDK",
    install: { ai: "latest", "@ai-sdk/openai": "latest", zod: "4" },
    imports: ["ai", "@ai-sdk/openai"],
  },
  { title: "OpenAI Agents", install: { "@openai/agents": "latest", zod: "4" }, imports: ["@openai/agents"] },
  {
    title: "LangGraph",
    install: {
      "@langchain/langgraph": "latest",
      "@langchain/core": "latest",
      "@langchain/openai": "latest",
      zod: "4",
    },
    imports: ["@langchain/langgraph", "@langchain/openai"],
  },
  { title: "Mastra", install: { "@mastra/core": "latest", zod: "4" }, imports: ["@mastra/core/agent"] },
];

console.log("| | versions | packages | MB | heaviest (MB) | import (ms) |");
console.log("|---|---|---|---|---|---|");
for (const subject of SUBJECTS) console.log(rowOf(subject));
console.log(
  `\n${cpus().length} × ${cpus()[0]?.model ?? "?"}, Node ${process.versions.node}; import: the fastest of ${RUNS} processes, without Node's own start.`,
);
rmSync(packed, { recursive: true });
