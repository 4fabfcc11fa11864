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

/** A file's code with the package's doors in place of the relative paths of this repository. */
export function asUserWrites(path: string): string {
  const code = readFileSync(join(root, path), "utf8");
  return code.replace(/ from "(\.[^"]+)"/g, (whole, to: string) => {
    const target = relative(root, resolve(root, path, "..", to)).replaceAll("\\", "/");
    return DOORS.has(target) ? ` from "${DOORS.get(target)}"` : whole;
  });
}
