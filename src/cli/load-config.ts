import { existsSync } from "node:fs";
import { basename, join } from "node:path";
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

/**
 * Loads the configuration of the project in a folder. Throws `UsageError` if there is none, it cannot be loaded or is not
 * valid; `staleClient` instead where it cannot be loaded and the generated client is known to be the likely cause.
 */
export async function loadConfig(folder: string, staleClient?: UsageError): Promise<TwelvefoldConfig> {
  const file = NAMES.map((name) => join(folder, name)).find((path) => existsSync(path));
  if (file === undefined) {
    throw new UsageError(
      "invalid_configuration",
      `there is no twelvefold.config.ts in ${folder}: run this in the folder of your project, or write a new one with npx twelvefold init my-agent`,
    );
  }
  // Where this file is TypeScript, the loader is there already.
  if (/ts$/.test(file) && !import.meta.url.endsWith(".ts")) await prepareTypeScript(basename(file));
  const module: unknown = await importConfig(file, staleClient);
  const exported = defaultOf(module);
  // TypeScript in a project of CommonJS modules is compiled to one, whose exports are the default of what is imported.
  const config = defaultOf(exported) ?? exported;
  if (config === undefined) {
    const message = `${file} must export by default: defineConfig({ agents: [...] })`;
    throw new UsageError("invalid_configuration", message);
  }
  checkConfig(file, config);
  return config;
}

/** Errors of this package say by themselves what is wrong; any other is said with the file that it comes from. */
async function importConfig(file: string, staleClient: UsageError | undefined): Promise<unknown> {
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    if (TwelvefoldError.isInstance(error)) throw error;
    if (staleClient !== undefined) throw staleClient;
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError("invalid_configuration", `${file} cannot be loaded: ${message}`, { cause: error });
  }
}

/**
 * With tsx, where it is installed, the configuration and what it imports may be any TypeScript; without it, what Node reads
 * by itself since 22.18: types that can be erased, and files imported by their whole name.
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
