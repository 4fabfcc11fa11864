import { UsageError } from "../base/errors.ts";
import { withPackages } from "../base/missing-package.ts";
import { visibleLine } from "../present/visible-text.ts";
import type { ServerLog } from "../server/log.ts";
import { problemLog } from "../server/problem-log.ts";
import type { Terminal } from "./terminal.ts";

const LOG_LEVELS = ["silent", "fatal", "error", "warn", "info", "debug", "trace"] as const;

/** The log of a process that stays: faults as lines for people, or JSON lines from a level on. */
export async function logOf(level: string | undefined, terminal: Terminal): Promise<ServerLog> {
  if (level === undefined || level === "")
    return problemLog((line) => terminal.err(visibleLine(line, 1_000)));
  const [{ pino }, { serverLog }] = await withPackages("TWELVEFOLD_LOG", ["pino"], () =>
    Promise.all([import("pino"), import("../server/pino-log.ts")]),
  );
  const known = LOG_LEVELS.find((one) => one === level);
  if (known === undefined) {
    throw new UsageError(
      "invalid_configuration",
      `TWELVEFOLD_LOG takes ${LOG_LEVELS.join(", ")}, not ${level}`,
    );
  }
  return serverLog({ level: known, destination: pino.destination({ fd: 2, sync: true }) });
}
