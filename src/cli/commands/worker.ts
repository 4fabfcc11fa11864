import { once } from "node:events";
import { logProblems } from "../../server/problem-log.ts";
import { EXIT } from "../exit.ts";
import { logOf } from "../log.ts";
import type { Session } from "../session.ts";

/** `twelvefold worker`: advances threads until it is interrupted. */
export async function worker(session: Session): Promise<number> {
  const { env, terminal, colors, json } = session;
  const { agents } = await session.config();
  const runtime = await session.lastingRuntime(true);
  await observeWhereInstalled(runtime);
  session.onClose(async () => logged());
  const logged = logProblems(runtime, await logOf(env["TWELVEFOLD_LOG"], terminal));
  runtime.start();
  const names = agents.map(({ name }) => name);
  if (json) terminal.out(JSON.stringify({ agents: names }));
  else {
    terminal.out(`advancing threads of ${names.join(", ")}`);
    terminal.err(
      colors.dim(
        "Ctrl-C stops the worker: it waits for running tools; other workers go on with everything else",
      ),
    );
  }
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  return EXIT.ok;
}

/** Traces and metrics, if the package for them is installed: a worker can do without. */
async function observeWhereInstalled(runtime: Awaited<ReturnType<Session["lastingRuntime"]>>): Promise<void> {
  try {
    const { observeRuntime } = await import("../telemetry.ts");
    observeRuntime(runtime);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND")) throw error;
  }
}
