/**
 * Where the server writes its log: pino, or anything with these methods. They are never passed secrets, bodies or tokens,
 * and must not throw.
 */
export interface ServerLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}
