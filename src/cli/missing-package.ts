import { UsageError } from "../base/errors.ts";

/** Optional peers: only `serve` needs them, so only who serves installs them. */
export const SERVE_NEEDS = [
  "hono",
  "@hono/node-server",
  "@hono/zod-openapi",
  "@opentelemetry/api",
  "croner",
  "htmx.org",
  "pino",
] as const;

/** What to install where a command found an optional package missing; any other error as it is. */
export function explainMissingPackage(error: unknown): unknown {
  if (!(error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND")) return error;
  const name = /package '([^']+)'/.exec(error.message)?.[1];
  if (!SERVE_NEEDS.some((needed) => needed === name)) return error;
  return new UsageError(
    "invalid_configuration",
    `the server needs packages that are not installed: npm install ${SERVE_NEEDS.join(" ")}`,
    { cause: error },
  );
}
