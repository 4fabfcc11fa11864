import { existsSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { TwelvefoldError, UsageError } from "../base/errors.ts";
import { withPackages } from "../base/missing-package.ts";
import { checkConfig, type TwelvefoldConfig } from "../config.ts";

const NAMES = [
  "twelvefold.config.ts",
  "twelvefold.config.mts",
  "twelvefold.config.js",
  "twelvefold.config.mjs",
];

/** Whether a folder holds a configuration. */
export function hasConfig(folder: string): boolean {
  return NAMES.some((name) => existsSync(join(folder, name)));
}

/**
 * Loads the configuration of the project in a folder. Throws `UsageError` (`invalid_configuration`) if there is none,
 * or if it cannot be loaded or is not valid. If it cannot be loaded and a stale client is the likely cause, throws
 * `staleClient` instead.
 */
export async function loadConfig(folder: string, staleClient?: UsageError): Promise<TwelvefoldConfig> {
  const file = NAMES.map((name) => join(folder, name)).find((path) => existsSync(path));
  if (file === undefined) {
    throw new UsageError(
      "invalid_configuration",
      `there is no twelvefold.config.ts in ${folder}: run this in your project's folder, or start a new project with npx twelvefold init my-agent`,
    );
  }
  const module = await importModule(file, staleClient);
  const exported = defaultOf(module);
  // In a CommonJS project, TypeScript compiles to a CommonJS module, whose exports arrive as the default
  // export.
  const config = defaultOf(exported) ?? exported;
  if (config === undefined) {
    const message = `${file} must export by default: defineConfig({ agents: [...] })`;
    throw new UsageError("invalid_configuration", message);
  }
  checkConfig(file, config);
  return config;
}

/** Imports a file of the project, also if it is TypeScript. Throws like `loadConfig`. */
export async function importModule(file: string, staleClient?: UsageError): Promise<unknown> {
  // If this file runs as TypeScript, a loader is active already.
  if (/ts$/.test(file) && !import.meta.url.endsWith(".ts")) await prepareTypeScript(basename(file));
  return importConfig(file, staleClient);
}

/** Errors of this package explain themselves; any other error is reported with the file that it comes from. */
async function importConfig(file: string, staleClient: UsageError | undefined): Promise<unknown> {
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    if (TwelvefoldError.isInstance(error)) throw error;
    if (staleClient !== undefined) throw staleClient;
    throw new UsageError(
      "invalid_configuration",
      `${file} cannot be loaded: ${faultIn(error, dirname(file))}`,
      {
        cause: error,
      },
    );
  }
}

/** What is wrong, and where in the project: the first of its own files that the error's trace names, with the line. */
function faultIn(error: unknown, project: string): string {
  if (!(error instanceof Error)) return String(error);
  const { message, stack = "" } = error;
  const isHalfNamed = /^Cannot find module '(?:[^']*\/)?[^'/.]+'/.test(message);
  const said = isHalfNamed ? `${message}; an import names the file whole, such as ./agent.ts` : message;
  const place = placeIn(stack, project);
  return place === undefined || message.includes(place) ? said : `${place}: ${said}`;
}

function placeIn(stack: string, project: string): string | undefined {
  const folders = [`${project}${sep}`, `${pathToFileURL(project).href}/`];
  for (const line of stack.split("\n")) {
    const rest = folders.map((folder) => line.split(folder)[1]).find((part) => part !== undefined);
    const [place] = /^[^:]+:\d+/.exec(rest ?? "") ?? [];
    if (place !== undefined && !place.includes("node_modules")) return place;
  }
  return undefined;
}

/**
 * If tsx is installed, the configuration and what it imports may be any TypeScript. Without it, they are limited to
 * what Node reads by itself since 22.18: erasable types, and imports that name files in full.
 */
async function prepareTypeScript(file: string): Promise<void> {
  try {
    const { register } = await withPackages(file, ["tsx"], () => import("tsx/esm/api"));
    register();
  } catch (error) {
    if (process.features.typescript === false || !UsageError.isInstance(error)) throw error;
  }
}

function defaultOf(module: unknown): unknown {
  return typeof module === "object" && module !== null && "default" in module ? module.default : undefined;
}
