import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { UsageError } from "../../base/errors.ts";
import { makeFolder } from "../../base/make-folder.ts";

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
  const { names } = walk(folder);
  return new Map(names.map((name) => [STORED_AS[name] ?? name, readFileSync(join(folder, name), "utf8")]));
}

/** What is in a folder that is neither a file nor a folder: links, wherever they point, and devices. None of it is read. */
export function notRead(folder: string): readonly string[] {
  return walk(folder).others;
}

const NOT_WALKED = new Set(["baml_client", "node_modules", ".twelvefold"]);

/** The files of a folder and of those in it, by their paths, `/` between them; no link is followed. */
function walk(folder: string, prefix = ""): { readonly names: string[]; readonly others: string[] } {
  const names: string[] = [];
  const others: string[] = [];
  for (const entry of readdirSync(join(folder, prefix), { withFileTypes: true })) {
    const path = `${prefix}${entry.name}`;
    if (entry.isFile()) names.push(path);
    else if (!entry.isDirectory()) others.push(path);
    else if (prefix !== "" || !NOT_WALKED.has(entry.name)) {
      const inside = walk(folder, `${path}/`);
      names.push(...inside.names);
      others.push(...inside.others);
    }
  }
  return { names: names.sort(), others: others.sort() };
}

/**
 * Writes files into a project. Throws `UsageError` (`invalid_argument`) if some exist already and may not be overwritten, or
 * if something is in the way, naming it; then nothing is written.
 */
export function writeFiles(folder: string, files: Files, overwrite: boolean): void {
  const there = [...files.keys()].filter((name) => kindAt(join(folder, name)) !== undefined);
  if (there.length > 0 && !overwrite) {
    throw new UsageError(
      "invalid_argument",
      `nothing was written: ${folder} already has ${there.join(", ")}; --force overwrites ${there.length === 1 ? "it" : "them"}`,
      { details: { files: there } },
    );
  }
  const blocked = [...new Set([...files.keys()].flatMap((name) => obstacle(folder, name) ?? []))];
  if (blocked.length > 0)
    throw new UsageError("invalid_argument", `nothing was written: ${blocked.join("; ")}`);
  for (const [name, text] of files) {
    const path = join(folder, name);
    makeFolder(dirname(path));
    // What is written stays in the project, whatever a link points to.
    if (kindAt(path) === "link") rmSync(path);
    writeFileSync(path, text);
  }
}

type Kind = "file" | "folder" | "link";

/** What stands at a path; a link counts as itself, wherever it points. */
function kindAt(path: string): Kind | undefined {
  // Below a file there is nothing.
  if (!existsSync(dirname(path)) || !statSync(dirname(path)).isDirectory()) return undefined;
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  if (found.isSymbolicLink()) return "link";
  return found.isDirectory() ? "folder" : "file";
}

/** What keeps a file from being written, in words. */
function obstacle(folder: string, name: string): string | undefined {
  const path = join(folder, name);
  if (kindAt(path) === "folder") return `${path} is a folder`;
  let parent = dirname(path);
  while (!existsSync(parent)) {
    if (kindAt(parent) === "link") return `${parent} is a link to nothing`;
    // On the way up something is always there.
    parent = dirname(parent);
  }
  if (!statSync(parent).isDirectory()) return `${parent} is no folder`;
  try {
    accessSync(parent, constants.W_OK);
    return undefined;
  } catch {
    return `${parent} cannot be written`;
  }
}
