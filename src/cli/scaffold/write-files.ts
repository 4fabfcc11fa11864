import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { UsageError } from "../../base/errors.ts";

/** Texts by their paths in a project, separated by `/`. */
export type Files = ReadonlyMap<string, string>;

/** Names that npm would leave out of a package, or treat as its own. */
const STORED_AS: Readonly<Record<string, string>> = {
  gitignore: ".gitignore",
  "env.example": ".env.example",
  "vscode/extensions.json": ".vscode/extensions.json",
};

/**
 * The files of a template's folder by the paths that they get in a project, without anything that was generated there.
 */
export function readTemplate(folder: string): Files {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll("\\", "/"),
    )
    .filter((name) => !/^(?:baml_client|node_modules|\.twelvefold)\//.test(name))
    .sort();
  return new Map(names.map((name) => [STORED_AS[name] ?? name, readFileSync(join(folder, name), "utf8")]));
}

/**
 * Writes files into a project. Throws `UsageError` (`invalid_argument`), naming them, if some exist already and may not
 * be overwritten; then nothing is written.
 */
export function writeFiles(folder: string, files: Files, overwrite: boolean): void {
  const there = [...files.keys()].filter((name) => existsSync(join(folder, name)));
  if (there.length > 0 && !overwrite) {
    throw new UsageError(
      "invalid_argument",
      `nothing was written: ${folder} already has ${there.join(", ")}; --force overwrites ${there.length === 1 ? "it" : "them"}`,
      { details: { files: there } },
    );
  }
  for (const [name, text] of files) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}
