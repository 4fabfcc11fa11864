import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "./packed.ts";

/** Installs public packages into a folder of their own, kept in `node_modules` between runs. Returns the folder. */
export function keepPackages(name: string, dependencies: Readonly<Record<string, string>>): string {
  const folder = join(root, "node_modules", `.twelvefold-${name}`);
  const manifest = JSON.stringify({ private: true, type: "module", dependencies });
  const done = join(folder, "installed");
  if (existsSync(done) && readFileSync(done, "utf8") === manifest) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), manifest);
  run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], folder);
  writeFileSync(done, manifest);
  return folder;
}
