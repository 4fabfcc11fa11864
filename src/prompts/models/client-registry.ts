import { ClientRegistry } from "@boundaryml/baml";
import { UsageError } from "../../base/errors.ts";
import { MissingCredentialsError } from "../errors.ts";
import type { ModelClient } from "../types.ts";
import { GOOD_FINISHES } from "../wire/finish.ts";
import { checkKeyText, checkUrl } from "./environment.ts";

const registries = new WeakMap<ModelClient, ClientRegistry>();

/**
 * A BAML registry for this one client, made once per client object. It always contains the key: left to find a key
 * itself, BAML reuses the one of an earlier call. Throws `MissingCredentialsError` if the provider needs a key and the
 * client has none.
 */
export function registryOf(client: ModelClient): ClientRegistry {
  const known = registries.get(client);
  if (known !== undefined) return known;
  checkClient(client);
  const registry = new ClientRegistry();
  registry.addLlmClient("Chosen", client.provider, bamlOptions(client));
  registry.setPrimary("Chosen");
  registries.set(client, registry);
  return registry;
}

const NEED_KEY = new Set([
  "openai",
  "openai-responses",
  "anthropic",
  "google-ai",
  "azure-openai",
  "openrouter",
]);

/**
 * True for a Bedrock client without keys of its own: the native client then looks for credentials where AWS tools do
 * (environment, profile, single sign-on, instance).
 */
export function hasAwsChain({ provider, options }: ModelClient): boolean {
  const own = ["access_key_id", "secret_access_key", "bearer_token"];
  return provider === "aws-bedrock" && own.every((option) => options[option] === undefined);
}

function checkClient(client: ModelClient): void {
  const { name, provider, options } = client;
  if (NEED_KEY.has(provider) && !isText(options["api_key"])) {
    throw new MissingCredentialsError(`the model client ${name} has no options.api_key`, {
      client: name,
      provider,
    });
  }
  for (const option of ["api_key", "bearer_token", "access_key_id", "session_token"]) {
    const value = options[option];
    if (isText(value)) checkKeyText(`options.${option} of the model client ${name}`, value);
  }
  for (const option of ["base_url", "endpoint_url"]) {
    const value = options[option];
    if (isText(value)) checkUrl(`options.${option} of the model client ${name}`, value);
  }
  if (provider === "aws-bedrock" && !hasAwsChain(client)) {
    for (const option of ["access_key_id", "secret_access_key", "region"]) {
      if (isText(options[option]) || (isText(options["bearer_token"]) && option !== "region")) continue;
      const message = `the model client ${name} has no options.${option}`;
      throw new MissingCredentialsError(message, { client: name, provider, option });
    }
  }
  if (provider === "fallback" || provider === "round-robin" || provider === "round_robin") {
    throw new UsageError(
      "invalid_configuration",
      `the model client ${name}: list several clients in the model choice, with its strategy, instead of ${provider}`,
    );
  }
}

function bamlOptions(client: ModelClient): Record<string, unknown> {
  const { bearer_token, ...options } = client.options;
  // The native client reports a finish reason only if it must not accept it; the bearer token is added to the
  // built request.
  if (hasAwsChain(client)) return { finish_reason_allow_list: GOOD_FINISHES, ...options };
  if (bearer_token === undefined) return options;
  return { ...options, access_key_id: "unused", secret_access_key: "unused" };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
