import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { format } from "node:util";
import { expect, vi } from "vitest";
import { DOORS } from "./shown-code.ts";

const root = join(import.meta.dirname, "..", "..");

/** One ```ts fence of a page. */
export interface Snippet {
  readonly page: string;
  /** Line of the page on which its code begins. */
  readonly line: number;
  readonly code: string;
  /** Where it is kept as a module. */
  readonly file: string;
  /** What its comments `// → …` promise that each `console.log` prints, in order. */
  readonly promised: readonly string[];
}

/** Every import that readers write, and the file of this repository that stands for it, from the root; a package stands for itself. */
export type Imports = Readonly<Record<string, string>>;

/** The doors of the package. */
export const DOOR_IMPORTS: Imports = Object.fromEntries(Array.from(DOORS, ([file, door]) => [door, file]));

/**
 * The snippets of a page, each written as a module of its own (under `.twelvefold/`, which git ignores), so that it can
 * be type-checked and run. An import that is not in the list fails. Tests that read the same page at the same time keep
 * its modules in different folders.
 */
export function snippetsOf(page: string, imports: Imports, kept = "snippets"): Snippet[] {
  const text = readFileSync(join(root, page), "utf8");
  const folder = join(root, ".twelvefold", kept, page.replaceAll(/\W/g, "-"));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((match, index) => {
    const [, code = ""] = match;
    const file = join(folder, `snippet-${index + 1}.ts`);
    const rewritten = code.replace(/ from "([^"]+)"/g, (_, name: string) => {
      const target = imports[name] ?? (name.startsWith("node:") ? name : undefined);
      if (target === undefined) throw new Error(`${page} imports ${name}, which the test does not know`);
      if (target === name) return ` from "${name}"`;
      return ` from "${relative(folder, join(root, target))}"`;
    });
    writeFileSync(file, `${rewritten}\nexport {};\n`);
    return {
      page,
      line: text.slice(0, match.index).split("\n").length + 1,
      code,
      file,
      promised: [...code.matchAll(/console\.log\(.*\/\/ → (.*)$/gm)].map(([, promise = ""]) => promise),
    };
  });
}

/** Runs a snippet, or another file, and gives the lines that it printed with `console.log`, objects as JSON. */
export async function run(snippet: Pick<Snippet, "file">): Promise<string[]> {
  const printed: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((...values: unknown[]) => {
    const texts = values.map((value) => (typeof value === "object" ? JSON.stringify(value) : format(value)));
    printed.push(texts.join(" ").trim());
  });
  try {
    await import(snippet.file);
  } finally {
    log.mockRestore();
  }
  return printed;
}

/** Runs a snippet once, compares what it prints with what its comments promise, and gives what it exports. */
export async function use<Exports>(snippet: Snippet | undefined): Promise<Exports> {
  if (snippet === undefined) throw new Error("the page has no such snippet");
  expect(await run(snippet), `${snippet.page}:${snippet.line}`).toEqual(snippet.promised);
  return import(snippet.file);
}

/** Gives snippets what they `declare`, until `vi.unstubAllGlobals()`. */
export function declareGlobals(values: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(values)) vi.stubGlobal(name, value);
}
