import { checkNames } from "../../base/options.ts";
import type { ModelClient } from "../types.ts";
import { checkUrl, type Environment, set, trimSlash, urlIn, valueForHeader } from "./environment.ts";

/** How one provider is configured from the environment. */
export interface ProviderSettings {
  /** The variables that may hold the key; the first one set counts. Empty if no key is needed. */
  readonly keys: readonly string[];
  /** The model used if only a key is set. Absent if the model must be named. */
  readonly defaultModel?: string;
  /** The variable that may hold another base URL. */
  readonly baseUrl?: string;
  /** BAML's provider and options for a model. `undefined` values are dropped. */
  client(model: string, environment: Environment, key: string | undefined): ClientSettings;
}

export interface ClientSettings {
  readonly provider: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** A required variable, other than the key, that is not set. */
  readonly missing?: string | undefined;
}

/** One function for providers that differ only in their names. */
function keyedProvider(
  provider: string,
  keys: readonly string[],
  more: { readonly defaultModel?: string; readonly baseUrl?: string } = {},
): ProviderSettings {
  return {
    keys,
    ...more,
    client: (model, environment, key) => ({
      provider,
      options: { model, api_key: key, base_url: more.baseUrl && urlIn(environment, more.baseUrl) },
    }),
  };
}

/**
 * Every provider of `TWELVEFOLD_MODEL=provider/model`, in the order in which their keys are looked for when that
 * variable is not set.
 */
export const PROVIDERS = {
  openai: keyedProvider("openai", ["OPENAI_API_KEY"], {
    defaultModel: "gpt-5-mini",
    baseUrl: "OPENAI_BASE_URL",
  }),
  anthropic: keyedProvider("anthropic", ["ANTHROPIC_API_KEY"], {
    defaultModel: "claude-sonnet-4-5",
    baseUrl: "ANTHROPIC_BASE_URL",
  }),
  google: keyedProvider("google-ai", ["GOOGLE_API_KEY", "GEMINI_API_KEY"], {
    defaultModel: "gemini-2.5-flash",
    baseUrl: "GOOGLE_BASE_URL",
  }),
  openrouter: keyedProvider("openrouter", ["OPENROUTER_API_KEY"], {
    defaultModel: "openai/gpt-5-mini",
    baseUrl: "OPENROUTER_BASE_URL",
  }),
  azure: { keys: ["AZURE_OPENAI_API_KEY"], client: azure },
  bedrock: { keys: ["AWS_BEARER_TOKEN_BEDROCK", "AWS_SECRET_ACCESS_KEY"], client: bedrock },
  ollama: { keys: [], client: ollama },
  "openai-generic": { keys: [], client: genericClient },
} as const satisfies Readonly<Record<string, ProviderSettings>>;

export type ProviderName = keyof typeof PROVIDERS;

export function isProviderName(name: string): name is ProviderName {
  return Object.hasOwn(PROVIDERS, name);
}

/** The model is the name of the deployment. */
function azure(deployment: string, environment: Environment, key: string | undefined): ClientSettings {
  const endpoint = urlIn(environment, "AZURE_OPENAI_ENDPOINT");
  const version = set(environment, "AZURE_OPENAI_API_VERSION") ?? "2024-10-21";
  return {
    provider: "azure-openai",
    options: {
      base_url: endpoint && `${endpoint}/openai/deployments/${deployment}`,
      api_version: version,
      api_key: key,
    },
    missing: endpoint === undefined ? "AZURE_OPENAI_ENDPOINT" : undefined,
  };
}

function bedrock(model: string, environment: Environment): ClientSettings {
  const region = set(environment, "AWS_REGION") ?? set(environment, "AWS_DEFAULT_REGION");
  const bearer = valueForHeader(environment, "AWS_BEARER_TOKEN_BEDROCK");
  const id = valueForHeader(environment, "AWS_ACCESS_KEY_ID");
  const credentials =
    bearer !== undefined
      ? { bearer_token: bearer }
      : {
          access_key_id: id,
          secret_access_key: set(environment, "AWS_SECRET_ACCESS_KEY"),
          session_token: valueForHeader(environment, "AWS_SESSION_TOKEN"),
        };
  const missing =
    region === undefined
      ? "AWS_REGION"
      : bearer === undefined && id === undefined
        ? "AWS_ACCESS_KEY_ID"
        : undefined;
  return {
    provider: "aws-bedrock",
    options: {
      model,
      region,
      endpoint_url: urlIn(environment, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME"),
      ...credentials,
    },
    missing,
  };
}

function ollama(model: string, environment: Environment): ClientSettings {
  const url = ollamaUrl(set(environment, "OLLAMA_HOST") ?? "");
  return { provider: "ollama", options: { model, base_url: url.endsWith("/v1") ? url : `${url}/v1` } };
}

// The same variable tells the server where to listen: it may stand for every address, and its default port is
// 11434.
function ollamaUrl(host: string): string {
  if (host.includes("://")) return checkUrl("OLLAMA_HOST", host.replace("//0.0.0.0", "//127.0.0.1"));
  const [, name = "", port = ":11434", path = ""] =
    /^(\[[^\]]*\]|[^:/]*)(:\d+)?(.*)$/.exec(trimSlash(host)) ?? [];
  const everywhere = name === "" || name === "0.0.0.0" || name === "[::]";
  return checkUrl("OLLAMA_HOST", `http://${everywhere ? "127.0.0.1" : name}${port}${path}`);
}

function genericClient(model: string, environment: Environment): ClientSettings {
  const url = urlIn(environment, "TWELVEFOLD_BASE_URL");
  return {
    provider: "openai-generic",
    options: { model, base_url: url, api_key: valueForHeader(environment, "TWELVEFOLD_API_KEY") },
    missing: url === undefined ? "TWELVEFOLD_BASE_URL" : undefined,
  };
}

/** A client without the options that are not set, because BAML would take an explicit `undefined` for a value. */
export function modelClient(name: string, settings: ClientSettings): ModelClient {
  checkNames(`modelClient ${name}`, { provider: true, options: true, missing: true }, settings);
  const entries = Object.entries(settings.options).filter(([, value]) => value !== undefined);
  return { name, provider: settings.provider, options: Object.fromEntries(entries) };
}
