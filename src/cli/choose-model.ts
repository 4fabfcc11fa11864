import { localModel, selectModel } from "../prompts/models/select-model.ts";
import type { ModelChoice } from "../prompts/types.ts";
import type { Session } from "./session.ts";

export interface Chosen {
  readonly model?: ModelChoice | undefined;
  readonly defaultModel?: ModelChoice | undefined;
  /** Whether its answers are kept. */
  readonly kept: boolean;
}

/** The model of `--client`, which answers whatever the prompts name, or else the configured or built-in one. */
export async function chooseModel(session: Session, client: string | undefined): Promise<Chosen> {
  const { env } = session;
  const selected = selectModel(client === undefined ? env : { ...env, TWELVEFOLD_MODEL: client });
  if (selected.kind === "configured") {
    return client === undefined
      ? { defaultModel: await session.model(), kept: true }
      : { model: selected.choice, kept: true };
  }
  const { OFFLINE_MODEL_NAME, startOfflineModel } = await import("../model/offline/offline-model.ts");
  const server = await startOfflineModel();
  session.onClose(() => server.close());
  const offline = localModel(OFFLINE_MODEL_NAME, server.url);
  return client === undefined ? { defaultModel: offline, kept: false } : { model: offline, kept: false };
}
