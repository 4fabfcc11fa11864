import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A file of a generated client in a form that Node runs without a loader: types are imported as types (under
 * `verbatimModuleSyntax` BAML's own imports crash at run time), imports name files with their extensions, and nothing
 * but types is left to erase: no enums, no parameter properties. A file that is in this form already is returned
 * unchanged.
 */
export function patchClientFile(text: string): string {
  return text
    .replace(/, HTTPRequest,/g, ", type HTTPRequest,")
    .replace(/(\bfrom\s+["']\.{1,2}\/[^"']+?)(?:\.js|\.ts)?(["'])/g, "$1.ts$2")
    .replace(/constructor\(([^()]*\bprivate\s[^()]*)\)\s*\{/g, (_, parameters: string) =>
      withoutProperties(parameters),
    )
    .replace(/^export enum (\w+) \{\n([\s\S]*?)^\}/gm, (_, name: string, members: string) =>
      enumAsValues(name, members),
    );
}

/** Patches each file of a client's folder in place; last the one by which others see whether the client is patched. */
export function patchClient(folder: string): void {
  const files = readdirSync(folder).filter((name) => name.endsWith(".ts") && name !== "index.ts");
  for (const file of [...files, "index.ts"]) {
    const path = join(folder, file);
    const text = readFileSync(path, "utf8");
    const patched = patchClientFile(text);
    if (patched !== text) writeFileSync(path, patched);
  }
}

/** `constructor(private a: A, b: B) {` with its properties declared and assigned. */
function withoutProperties(parameters: string): string {
  const all = parameters.split(",").map((one) => one.trim());
  const own = all.filter((one) => one.startsWith("private ")).map((one) => one.replace(/^private\s+/, ""));
  const names = own.map((one) => one.slice(0, one.search(/[?:]/)).trim());
  const list = all.map((one) => one.replace(/^private\s+/, "")).join(", ");
  const fields = own.map((one) => `private ${one};`).join(" ");
  return `${fields}\n  constructor(${list}) { ${names.map((name) => `this.${name} = ${name};`).join(" ")}`;
}

function enumAsValues(name: string, members: string): string {
  const values = members.replace(/^(\s*\w+) = (?=")/gm, "$1: ");
  return `export const ${name} = {\n${values}} as const;\nexport type ${name} = (typeof ${name})[keyof typeof ${name}];`;
}
