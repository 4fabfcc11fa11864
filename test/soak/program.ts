import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { afterAll } from "vitest";

const root = join(import.meta.dirname, "..", "..");

/** A program that is started hundreds of times, to be killed. */
export interface Program {
  start(args: readonly string[], options: SpawnOptions): ChildProcess;
}

/**
 * Makes a program of a TypeScript file of this folder: bundled, and compiled by its first start, so that each of the others takes
 * a fifth of the time that the sources would. It is removed after the tests of the file.
 */
export async function makeProgram(source: string): Promise<Program> {
  // Beside the packages that it imports.
  const cache = join(root, "node_modules", ".cache");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "soak-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const bundle = await rolldown({
    cwd: root,
    input: { program: join(import.meta.dirname, source) },
    platform: "node",
    tsconfig: "tsconfig.json",
    external: /^(?!node:)[^./\0]/,
  });
  await bundle.write({
    dir: folder,
    format: "esm",
    entryFileNames: "[name].mjs",
    chunkFileNames: "[name]-[hash].mjs",
  });
  await bundle.close();
  return {
    start: (args, options) =>
      spawn(process.execPath, ["--no-warnings", join(folder, "program.mjs"), ...args], {
        ...options,
        env: { ...process.env, NODE_COMPILE_CACHE: join(folder, "compiled"), ...options.env },
      }),
  };
}
