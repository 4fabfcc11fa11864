import { mkdirSync, type Stats, statSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Makes a folder with those above it that are missing, and gives the first that it made; `undefined` if it was there. Throws what
 * `mkdirSync` throws. Unlike Node's own `recursive`, it ends also where a folder that is there takes none, as below `/proc`.
 */
export function makeFolder(path: string, mode?: number): string | undefined {
  const missing: string[] = [];
  let at = resolve(path);
  for (; statIfThere(at) === undefined && dirname(at) !== at; at = dirname(at)) missing.unshift(at);
  if (missing.length === 0 && statIfThere(at)?.isDirectory() !== true) mkdirSync(at, { mode });
  for (const folder of missing) {
    try {
      mkdirSync(folder, { mode });
    } catch (error) {
      // Somebody else may have made it meanwhile.
      if (statIfThere(folder)?.isDirectory() !== true) throw error;
    }
  }
  return missing[0];
}

function statIfThere(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // Something above it is no folder.
    return undefined;
  }
}
