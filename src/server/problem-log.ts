import { TwelvefoldError } from "../base/errors.ts";
import { removeSecrets } from "../base/secret-patterns.ts";
import type { Runtime } from "../runtime/runtime.ts";
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

const ENGINE_FAILED = "the engine failed; it is tried again, and threads begin when a worker looks for work";

/** Logs what a runtime could not do and tries again. Returns a function that ends this. */
export function logProblems(runtime: Pick<Runtime, "subscribe">, log: ServerLog): () => void {
  return runtime.subscribe((observation) => {
    if (observation.kind === "problem") {
      const { threadId, error: err } = observation;
      log.error({ threadId, err }, "a thread could not be advanced; it is tried again");
    } else if (observation.kind === "sweep_problem") {
      const { error: err } = observation;
      const isEngine = TwelvefoldError.isInstance(err) && err.code === "engine_failed";
      log.error({ err }, isEngine ? ENGINE_FAILED : "looking for work failed; it is tried again");
    }
  });
}
