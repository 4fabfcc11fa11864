import { once } from "node:events";
import { UsageError } from "../../base/errors.ts";
import { EXIT } from "../exit.ts";
import type { Session } from "../session.ts";

/** `twelvefold model offline [--port]`: runs the offline model until it is interrupted. */
export async function model(
  session: Session,
  which: string,
  options: { readonly port?: number },
): Promise<number> {
  if (which !== "offline")
    throw new UsageError("invalid_argument", `the only built-in model is "offline", not "${which}"`);
  const { OFFLINE_MODEL_NAME, startOfflineModel } = await import("../../model/offline/offline-model.ts");
  const server = await startOfflineModel({ port: options.port });
  session.onClose(() => server.close());
  const { terminal, colors, json } = session;
  if (json) terminal.out(JSON.stringify({ url: server.url, model: OFFLINE_MODEL_NAME }));
  else {
    terminal.err(
      colors.dim(
        "the built-in offline model answers until Ctrl-C. For `baml-cli test` and the playground, set in the environment:",
      ),
    );
    terminal.out(`TWELVEFOLD_BASE_URL=${server.url}`);
    terminal.out("TWELVEFOLD_API_KEY=none");
    terminal.out(`TWELVEFOLD_MODEL_NAME=${OFFLINE_MODEL_NAME}`);
  }
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  return EXIT.ok;
}
