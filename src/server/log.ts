import { callQuietly } from "../base/hooks.ts";

/**
 * Where the server writes its log: pino, or anything with these methods. They are never passed secrets, bodies or tokens,
 * and must not throw.
 */
export interface ServerLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** The same, whatever goes wrong in writing it. */
export function quietLog(log: ServerLog): ServerLog {
  return {
    info: (fields, message) => callQuietly(() => log.info(fields, message)),
    warn: (fields, message) => callQuietly(() => log.warn(fields, message)),
    error: (fields, message) => callQuietly(() => log.error(fields, message)),
  };
}
