import { UsageError } from "../../base/errors.ts";
import { MissingCredentialsError } from "../errors.ts";
import type { ModelChoice, ModelClient } from "../types.ts";
import { type Environment, set, valueForHeader } from "./environment.ts";
import { patienceIn } from "./patience-variables.ts";
import {
  isProviderName,
  modelClient,
  PROVIDERS,
  type ProviderName,
  type ProviderSettings,
} from "./providers.ts";

/** The model that an environment asks for. */
export type ModelSelection =
  | { readonly kind: "configured"; readonly choice: ModelChoice }
  /** No key is set: the built-in offline model answers. */
  | { readonly kind: "offline" };

/**
 * Chooses the model by configuration:
 *
 * - `TWELVEFOLD_MODEL=provider/model`, e.g. `openai/gpt-5-mini` or `ollama/qwen3`; `provider` alone means its default
 *   model, `offline` the built-in one. Of several, separated by commas, the next is tried if one is down; after
 *   `round-robin:` they take turns.
 * - otherwise the first provider whose key is set, with its default model;
 * - otherwise `offline`.
 *
 * `TWELVEFOLD_TIMEOUT_…` and `TWELVEFOLD_ATTEMPTS` say how long to wait and how often to try (see docs/prompts.md).
 * Throws `MissingCredentialsError` if the named provider has no key, and `UsageError` for an unknown provider, an address
 * without its scheme, an impossible key or an invalid time; each message names the variable. Reads nothing but its
 * argument.
 */
export function selectModel(environment: Environment): ModelSelection {
  const wanted = set(environment, "TWELVEFOLD_MODEL");
  if (wanted === "offline") return { kind: "offline" };
  const choice = wanted === undefined ? choiceByKey(environment) : readChoice(wanted, environment);
  if (choice === undefined) return { kind: "offline" };
  return { kind: "configured", choice: { ...choice, ...patienceIn(environment) } };
}

function choiceByKey(environment: Environment): ModelChoice | undefined {
  for (const name of providerNames()) {
    const settings: ProviderSettings = PROVIDERS[name];
    if (settings.defaultModel !== undefined && keyOf(settings, environment) !== undefined) {
      return only(clientFor(name, settings.defaultModel, environment));
    }
  }
  return undefined;
}

/** A choice of this client alone. */
export function only(client: ModelClient): ModelChoice {
  return { clients: [client], strategy: "fallback" };
}

/** A choice of the built-in offline model, or of any OpenAI-compatible server that needs no key. */
export function localModel(name: string, baseUrl: string): ModelChoice {
  return only(
    modelClient(name, {
      provider: "openai-generic",
      options: { model: name, base_url: baseUrl, api_key: "none" },
    }),
  );
}

const ROUND_ROBIN = /^round[-_]robin:/;

function readChoice(text: string, environment: Environment): ModelChoice {
  const strategy = ROUND_ROBIN.test(text) ? "round_robin" : "fallback";
  const names = text.replace(ROUND_ROBIN, "").split(",");
  const clients = names.map((name) => readClient(name.trim(), environment));
  return { clients, strategy };
}

function readClient(text: string, environment: Environment): ModelClient {
  const slash = text.indexOf("/");
  const provider = slash < 0 ? text : text.slice(0, slash);
  if (!isProviderName(provider)) {
    throw new UsageError(
      "invalid_configuration",
      `TWELVEFOLD_MODEL: no provider ${JSON.stringify(provider)}; write provider/model with one of ${providerNames().join(", ")}`,
      { details: { provider, known: providerNames() } },
    );
  }
  const settings: ProviderSettings = PROVIDERS[provider];
  const model = slash < 0 ? settings.defaultModel : text.slice(slash + 1);
  if (model === undefined || model === "") {
    throw new UsageError(
      "invalid_configuration",
      `TWELVEFOLD_MODEL=${text}: ${provider} has no default model; write ${provider}/<model>`,
      { details: { provider } },
    );
  }
  return clientFor(provider, model, environment);
}

function clientFor(provider: ProviderName, model: string, environment: Environment): ModelClient {
  const settings: ProviderSettings = PROVIDERS[provider];
  const key = keyOf(settings, environment);
  const client = settings.client(model, environment, key);
  const missing = key === undefined && settings.keys.length > 0 ? settings.keys.join(" or ") : client.missing;
  if (missing !== undefined) {
    throw new MissingCredentialsError(
      `${provider}/${model} needs ${missing}, which is not set. ` +
        "Set it (in the environment or .env), or go on without a key: TWELVEFOLD_MODEL=offline is built in, " +
        "TWELVEFOLD_MODEL=ollama/<model> runs on this machine.",
      { provider, model, missing },
    );
  }
  return modelClient(`${provider}/${model}`, client);
}

function keyOf(settings: ProviderSettings, environment: Environment): string | undefined {
  for (const name of settings.keys) {
    const value = valueForHeader(environment, name);
    if (value !== undefined) return value;
  }
  return undefined;
}

function providerNames(): ProviderName[] {
  return Object.keys(PROVIDERS).filter(isProviderName);
}
