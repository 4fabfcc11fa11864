import { type DestinationStream, type LevelWithSilent, pino } from "pino";
import { TwelvefoldError } from "../base/errors.ts";
import { checkNames } from "../base/options.ts";
import { removeSecrets } from "../base/secret-patterns.ts";
import type { ServerLog } from "./log.ts";

export interface LogOptions {
  /** Default `info`. */
  readonly level?: LevelWithSilent;
  /** Default: standard output. */
  readonly destination?: DestinationStream;
}

/**
 * A log of JSON lines, by pino. Errors are written with name, code, message and stack, and with everything
 * removed that looks like a secret; what else an error carries (requests, responses, details) is left out.
 */
export function serverLog(options: LogOptions = {}): ServerLog {
  checkNames("serverLog", { level: true, destination: true }, options);
  const { level = "info", destination } = options;
  const settings = { level, base: null, serializers: { err: errorFields } };
  return destination === undefined ? pino(settings) : pino(settings, destination);
}

function errorFields(error: unknown): Readonly<Record<string, string>> {
  if (!(error instanceof Error)) return { message: removeSecrets(String(error)) };
  return {
    name: error.name,
    ...(TwelvefoldError.isInstance(error) ? { code: error.code } : {}),
    message: removeSecrets(error.message),
    stack: removeSecrets(error.stack ?? ""),
  };
}
