import { readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

const root = join(import.meta.dirname, "..", "..");

/** The public doors of the package: the source file of each, from the root, and what users import it as. */
export const DOORS: ReadonlyMap<string, string> = new Map(
  [
    ...readFileSync(join(root, "package.json"), "utf8").matchAll(
      /"\.(\/[\w-]+)?": \{\s*"types": "\.\/dist\/(\S+)\.d\.ts"/g,
    ),
  ].map(([, door = "", file = ""]) => [`${file}.ts`, `twelvefold${door}`]),
);

/** The text of each `ts` block of a page. */
export function blocksOf(page: string): string[] {
  return Array.from(page.matchAll(/^```ts\n(.*?)^```/gms), ([, code = ""]) => code);
}

/** Without white space, import lines and the commas that a formatter adds at the ends of lines. */
export function bareCode(code: string): string {
  return code
    .replace(/^import [^;]*;$/gm, "")
    .replace(/\s+/g, "")
    .replace(/,([)}\]])/g, "$1");
}

/** A file's code with the package's doors in place of the relative paths of this repository. */
export function asUserWrites(path: string): string {
  const code = readFileSync(join(root, path), "utf8");
  return code.replace(/ from "(\.[^"]+)"/g, (whole, to: string) => {
    const target = relative(root, resolve(root, path, "..", to)).replaceAll("\\", "/");
    return DOORS.has(target) ? ` from "${DOORS.get(target)}"` : whole;
  });
}

/** What a page's blocks use of the package's doors without importing it; nothing when all is well. */
export function missingImports(page: string, examplePath: string): string[] {
  const doors = new Map<string, string>();
  for (const [, names = "", from = ""] of asUserWrites(examplePath).matchAll(
    /^import (?!type )\{([^}]*)\} from "([^"]+)";$/gm,
  )) {
    if (from.startsWith("."))
      throw new Error(`${examplePath} imports ${from}, which is no door of the package`);
    for (const name of names.split(",")) if (!/^\s*(type |$)/.test(name)) doors.set(name.trim(), from);
  }
  const imported = new Set<string>();
  return blocksOf(page).flatMap((block) => {
    for (const [, names = "", from] of block.matchAll(/^import \{([^}]*)\} from "([^"]+)";$/gm))
      for (const name of names.split(",")) if (doors.get(name.trim()) === from) imported.add(name.trim());
    const code = block.replace(/^import [^;]*;$/gm, "");
    return [...doors].flatMap(([name, from]) =>
      new RegExp(`(?<![.\\w])${name}\\b`).test(code) && !imported.has(name) ? [`${name} from ${from}`] : [],
    );
  });
}
