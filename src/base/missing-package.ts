import { UsageError } from "./errors.ts";

/** Optional peers that only `twelvefold serve` needs, so that only who serves installs them. */
export const SERVE_NEEDS = [
  "hono",
  "@hono/node-server",
  "@hono/zod-openapi",
  "@opentelemetry/api",
  "croner",
  "pino",
  // Of @hono/zod-openapi: it takes the one of the project.
  "zod",
] as const;

/**
 * Loads what needs packages that are installed only where they are used: the package's optional peers. Throws
 * `UsageError` with the command that installs them where one is missing, and every other error as it is.
 *
 * @param what needs them, as the message begins: `twelvefold/server`.
 */
export async function withPackages<Loaded>(
  what: string,
  needs: readonly string[],
  load: () => Promise<Loaded>,
): Promise<Loaded> {
  try {
    return await load();
  } catch (error) {
    throw explainMissingPackage(error, what, needs);
  }
}

/** The error as `withPackages` throws it. */
export function explainMissingPackage(error: unknown, what: string, needs: readonly string[]): unknown {
  if (!(error instanceof Error && "code" in error)) return error;
  if (error.code !== "ERR_MODULE_NOT_FOUND" && error.code !== "MODULE_NOT_FOUND") return error;
  const name = /(?:package|module) '((?:@[^'/]+\/)?[^'/]+)[^']*'/.exec(error.message)?.[1];
  if (name === undefined || !needs.includes(name)) return error;
  const message = `${what} needs ${name}, which is not installed: npm install ${needs.map(packageWithMajor).join(" ")}`;
  return new UsageError("invalid_configuration", message, { cause: error, details: { package: name } });
}

/** With the major version that this package works with: the newest of all may be another. */
export function packageWithMajor(name: string): string {
  const major = /\d+/.exec(peers()[name] ?? "")?.[0];
  return major === undefined ? name : `${name}@${major}`;
}

function peers(): Readonly<Record<string, string>> {
  try {
    const require = process.getBuiltinModule("node:module").createRequire(import.meta.url);
    const manifest: Record<
      "dependencies" | "peerDependencies",
      Record<string, string>
    > = require("twelvefold/package.json");
    return { ...manifest.dependencies, ...manifest.peerDependencies };
  } catch {
    return {};
  }
}
