import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { NotFoundError } from "../../base/errors.ts";
import { hasConfig } from "../load-config.ts";

/**
 * The file of a demo in the project's folder. Loads nothing, so that a demo that is not there is told before the packages that
 * it needs. Throws `NotFoundError` with the commands that bring it here.
 */
export function demoFile(folder: string, name: string): string {
  const file = join(folder, "src", "agents", name, "demo.ts");
  if (/^[\w-]+$/.test(name) && existsSync(file)) return file;
  const known = demosIn(join(folder, "src", "agents"));
  throw new NotFoundError(`there is no demo "${name}" in ${folder}; ${adviceFor(folder, known)}`);
}

function adviceFor(folder: string, known: readonly string[]): string {
  if (known.length > 0) return `known here: ${known.join(", ")}`;
  const add = "npx twelvefold add deploybot, then npx twelvefold demo deploybot";
  if (hasConfig(folder)) return `copy one into your project: ${add}`;
  return `run this in a project that holds one: npx twelvefold init my-agent --yes, cd my-agent, npm install, ${add}`;
}

function demosIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => existsSync(join(folder, name, "demo.ts")));
}
