import { removeSecrets } from "../context/redaction/secret-patterns.ts";
import type { ServerLog } from "./log.ts";

/** A log of faults only, each in one readable line without secrets. `write` is called with the line, without a line break. */
export function problemLog(write: (line: string) => void): ServerLog {
  const problem: ServerLog["error"] = ({ err, ...fields }, message) => {
    const ids = Object.entries(fields).map(([name, value]) => `${name} ${String(value)}`);
    const about = ids.length === 0 ? "" : ` (${ids.join(", ")})`;
    const cause = err instanceof Error ? `: ${err.name}: ${err.message}` : "";
    write(removeSecrets(`${message}${about}${cause}`).replaceAll(/\s+/g, " "));
  };
  return { info: () => {}, warn: problem, error: problem };
}

/** The default log: faults only, on the console's error stream, so that none goes unnoticed. */
export const consoleLog: ServerLog = problemLog((line) => console.error(line));
