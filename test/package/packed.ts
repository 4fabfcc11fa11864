import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

export const root = join(import.meta.dirname, "..", "..");

/** What the tests need besides the development dependencies, kept in `node_modules` between runs. */
const TOOLS = {
  "@arethetypeswrong/core": "0.18.5",
  bun: "1.4.5",
  "node-22": "npm:node@22.23.3",
  pnpm: "12.21.0",
  "pnpm-10": "npm:pnpm@10.34.9",
  publint: "0.3.25",
  "typescript-5.9": "npm:typescript@5.9.3",
  "@yarnpkg/cli-dist": "4.18.1",
  "yarn-1": "npm:yarn@1.22.22",
};
const tools = join(root, "node_modules", ".twelvefold-package");

/** A command that must succeed; gives what it printed. */
export function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    shell: process.platform === "win32",
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0)
    throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? `${stdout}${stderr}`}`);
  return stdout;
}

const npm = (cwd: string, ...args: string[]) =>
  run("npm", [...args, "--no-audit", "--no-fund", "--loglevel=error"], cwd);

/** Installs the tools where they are missing; gives their folder. */
export function installTools(): string {
  const manifest = JSON.stringify({
    private: true,
    allowScripts: { bun: true, node: true, "node-22": true },
    dependencies: TOOLS,
  });
  const path = join(tools, "package.json");
  const done = join(tools, "installed");
  if (existsSync(done) && readFileSync(done, "utf8") === manifest) return join(tools, "node_modules");
  mkdirSync(tools, { recursive: true });
  writeFileSync(path, manifest);
  npm(tools, "install");
  writeFileSync(done, manifest);
  return join(tools, "node_modules");
}

/** Packs the package as it is published; gives the archive's path. */
export function pack(): string {
  const folder = mkdtempSync(join(tmpdir(), "twelvefold-pack-"));
  const printed = npm(root, "pack", "--json", "--pack-destination", folder);
  const json = printed.slice(printed.search(/^[[{]/m));
  const [packed] = z.array(z.object({ filename: z.string() })).parse(Object.values(JSON.parse(json)));
  if (packed === undefined) throw new Error(`npm pack printed ${printed}`);
  return join(folder, packed.filename);
}

/** A new project in which npm has installed the archive, and these packages besides. */
export function newProject(archive: string, besides: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "twelvefold-project-"));
  const dependencies = { twelvefold: `file:${archive}`, ...besides };
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ private: true, type: "module", dependencies }),
  );
  npm(folder, "install", "--prefer-offline", "--ignore-scripts");
  return folder;
}

const manifestSchema = z.object({
  devDependencies: z.record(z.string(), z.string()),
  peerDependencies: z.record(z.string(), z.string()),
  exports: z.record(z.string(), z.unknown()),
});
export const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));

/** The optional peers in the versions that are tested here, and the types of Node. */
export const PEERS: Readonly<Record<string, string>> = Object.fromEntries(
  [...Object.keys(manifest.peerDependencies), "@types/node"].flatMap((name) => {
    const version = manifest.devDependencies[name];
    return version === undefined ? [] : [[name, version]];
  }),
);

/** The value that a program printed as its last line, as JSON. */
export function printedBy(node: string, program: string, cwd: string): unknown {
  const args = ["--no-warnings", "--input-type=module", "--eval", program];
  return JSON.parse(execFileSync(node, args, { cwd, encoding: "utf8" }).trim().split("\n").at(-1) ?? "");
}
