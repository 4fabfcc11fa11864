import { TwelvefoldError } from "../base/errors.ts";
import { OFFLINE_MODEL_NAME } from "../model/offline/offline-model.ts";
import { MissingCredentialsError } from "../prompts/errors.ts";
import { localModel, selectModel } from "../prompts/models/select-model.ts";
import type { ModelChoice } from "../prompts/types.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The models that answered, by the names that were recorded, to build their requests again; keys are not needed, because nothing
 * is sent. `undefined` for a name that no configuration makes: the client that the `.baml` file names.
 */
export function recordedModels(env: Environment): (client: string) => ModelChoice | undefined {
  const known = new Map<string, ModelChoice | undefined>();
  return (client) => {
    if (!known.has(client)) known.set(client, modelNamed(client, env));
    return known.get(client);
  };
}

function modelNamed(client: string, env: Environment): ModelChoice | undefined {
  if (client === OFFLINE_MODEL_NAME) return localModel(OFFLINE_MODEL_NAME, "http://127.0.0.1");
  let settings: Environment = { ...env, TWELVEFOLD_MODEL: client };
  for (let missing = 0; missing < 4; missing += 1) {
    try {
      const selected = selectModel(settings);
      return selected.kind === "configured" ? selected.choice : undefined;
    } catch (error) {
      if (!TwelvefoldError.isInstance(error)) throw error;
      const named = MissingCredentialsError.isInstance(error) ? String(error.details["missing"]) : "";
      const [, variable] = /^([A-Z][A-Z0-9_]*)/.exec(named) ?? [];
      if (variable === undefined) return undefined;
      settings = { ...settings, [variable]: "not-needed" };
    }
  }
  return undefined;
}
