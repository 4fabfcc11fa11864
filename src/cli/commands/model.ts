import { once } from "node:events";
import { UsageError } from "../../base/errors.ts";
import { EXIT } from "../exit.ts";
import type { Session } from "../session.ts";

/** `twelvefold model offline [--port]`: runs until it is interrupted. */
export async function model(
  session: Session,
  which: string,
  options: { readonly port?: number },
): Promise<number> {
  if (which !== "offline") throw new UsageError("invalid_argument", `model takes: offline (not ${which})`);
  const { OFFLINE_MODEL_NAME, startOfflineModel } = await import("../../model/offline/offline-model.ts");
  const server = await startOfflineModel(options.port === undefined ? {} : { port: options.port });
  session.onClose(() => server.close());
  session.terminal.out(
    session.json
      ? JSON.stringify({ url: server.url, model: OFFLINE_MODEL_NAME })
      : `the built-in offline model (${OFFLINE_MODEL_NAME}) answers at ${server.url}; Ctrl-C ends it`,
  );
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  return EXIT.ok;
}
