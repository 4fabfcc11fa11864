/*
 * What this package and others weigh when they are installed, and how long it takes to import them: `node scripts/weigh.ts`.
 * Packs this package, installs each into an empty folder with npm, and prints a Markdown table. Needs a registry.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SERVE_NEEDS } from "../src/base/missing-package.ts";

interface Subject {
  readonly title: string;
  readonly install: Readonly<Record<string, string>>;
  /** What a program of an agent imports. */
  readonly imports: readonly string[];
}

const root = fileURLToPath(new URL("..", import.meta.url));
const RUNS = 7;

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

/** What a process takes that imports these and ends, in ms: on the clock, and of the processor. */
interface Times {
  readonly clock: number;
  readonly processor: number;
}

function timeOf(program: string, cwd: string): Times {
  const began = performance.now();
  const { user, system } = JSON.parse(run(process.execPath, ["--no-warnings", program], cwd));
  return { clock: performance.now() - began, processor: (user + system) / 1000 };
}

/** Writes a program that imports these and says what it took of the processor. */
function writeProgram(name: string, imports: readonly string[], cwd: string): string {
  const lines = imports.map((one) => `await import(${JSON.stringify(one)});`);
  const end = "process.stdout.write(JSON.stringify(process.cpuUsage()), () => process.exit(0));";
  writeFileSync(join(cwd, name), `${[...lines, end].join("\n")}\n`);
  return name;
}

const fastest = (times: readonly Times[]): Times => ({
  clock: Math.min(...times.map(({ clock }) => clock)),
  processor: Math.min(...times.map(({ processor }) => processor)),
});

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);

interface Installed {
  readonly subject: Subject;
  readonly folder: string;
  readonly cells: readonly string[];
  /** Which versions, and what weighs most. */
  readonly contents: string;
}

/** Installs a subject into a folder of its own. */
function installed(subject: Subject): Installed {
  const { title, install, imports } = subject;
  const folder = mkdtempSync(join(tmpdir(), "twelvefold-weigh-"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies: install }));
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  run("npm", ["install", "--omit=dev", "--ignore-scripts", ...quiet], folder);
  const packages = packagesIn(folder);
  const total = packages.reduce((sum, [, bytes]) => sum + bytes, 0);
  const heaviest = packages.slice(0, 5).map(([name, bytes]) => `${name} ${megabytes(bytes)}`);
  const versions = Object.entries(install).map(([name, version]) => {
    const manifest = join(folder, "node_modules", name, "package.json");
    const found: unknown = JSON.parse(readFileSync(manifest, "utf8")).version;
    return `${name} ${version.startsWith("file:") ? `${found} (packed)` : found}`;
  });
  writeProgram("bare.mjs", [], folder);
  writeProgram("import.mjs", imports, folder);
  const contents = `${title}: ${versions.join(", ")}. Heaviest (MB): ${heaviest.join(", ")}.`;
  return { subject, folder, cells: [title, String(packages.length), megabytes(total)], contents };
}

const packed = mkdtempSync(join(tmpdir(), "twelvefold-weigh-"));
run("npm", ["pack", "--pack-destination", packed, "--loglevel=error"], root);
const [archive = ""] = readdirSync(packed);
const own = { twelvefold: `file:${join(packed, archive)}` };
const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const SUBJECTS: readonly Subject[] = [
  { title: "Twelvefold", install: own, imports: ["twelvefold"] },
  {
    title: "Twelvefold with API and inbox",
    install: {
      ...own,
      ...Object.fromEntries(SERVE_NEEDS.map((name) => [name, devDependencies[name] ?? dependencies[name]])),
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

const all = SUBJECTS.map(installed);
// In turns, so that what else the machine does falls on all of them.
const rounds = Array.from({ length: RUNS }, () =>
  all.map(({ folder }) => ({ bare: timeOf("bare.mjs", folder), loaded: timeOf("import.mjs", folder) })),
);
const bare = fastest(rounds.flat().map((one) => one.bare));
console.log("| | packages | MB | import (ms) | processor time of it (ms) |");
console.log("|---|---|---|---|---|");
all.forEach(({ cells, folder }, index) => {
  const { clock, processor } = fastest(rounds.flatMap((round) => round[index]?.loaded ?? []));
  const times = [clock - bare.clock, processor - bare.processor].map((ms) => String(Math.round(ms)));
  console.log(`| ${[...cells, ...times].join(" | ")} |`);
  rmSync(folder, { recursive: true, force: true });
});
console.log(`\n${all.map(({ contents }) => `- ${contents}`).join("\n")}`);
console.log(
  `\n${cpus().length} × ${cpus()[0]?.model ?? "?"}, Node ${process.versions.node}; import: the fastest of ${RUNS} processes, in turns, without Node's own start.`,
);
rmSync(packed, { recursive: true });
