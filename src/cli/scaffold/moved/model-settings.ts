import { PROVIDERS, type ProviderSettings } from "../../../prompts/models/providers.ts";
import type { BamlClient } from "./baml-sources.ts";

/** Settings of the environment, and what could not be said in them. */
export interface ModelSettings {
  readonly lines: readonly string[];
  readonly left: readonly string[];
}

/** The providers of `TWELVEFOLD_MODEL` by what BAML calls them. */
const NAMES: Readonly<Record<string, keyof typeof PROVIDERS>> = {
  openai: "openai",
  anthropic: "anthropic",
  "google-ai": "google",
  openrouter: "openrouter",
  "azure-openai": "azure",
  "aws-bedrock": "bedrock",
  ollama: "ollama",
  "openai-generic": "openai-generic",
};

/** The settings that ask the model which a prompt names: `openai/gpt-4o`, or the name of a client. */
export function modelSettings(client: string, clients: ReadonlyMap<string, BamlClient>): ModelSettings {
  const left: string[] = [];
  const lines: string[] = [];
  const named = clients.get(client);
  const turns = named?.provider === "round-robin";
  const members = turns || named?.provider === "fallback" ? named.strategy : [client];
  const models = members.map((member) => {
    const one = clients.get(member) ?? shorthand(member);
    const provider = NAMES[one.provider];
    const model = one.model?.startsWith("env.") === false ? one.model : undefined;
    if (provider === undefined || model === undefined) return undefined;
    if (one.baseUrl !== undefined) lines.push(...addressOf(provider, one.baseUrl, left));
    if (one.others.length > 0)
      left.push(
        `say the options of ${member} in code, where you want them: ${one.others.join(", ")} (promptFunction's model, node_modules/twelvefold/docs/prompts.md)`,
      );
    const [key] = PROVIDERS[provider].keys;
    if (one.key !== undefined && key !== undefined && one.key !== key)
      left.push(`the key of ${provider} is read from ${key} now, not ${one.key}`);
    return `${provider}/${model}`;
  });
  if (models.some((model) => model === undefined)) {
    left.push(
      `say in .env which model answers: TWELVEFOLD_MODEL=provider/model (the client was ${client || "not named"})`,
    );
    return { lines, left };
  }
  const attempts = [client, ...members]
    .map((one) => clients.get(one)?.attempts)
    .find((one) => one !== undefined);
  return {
    lines: [
      `TWELVEFOLD_MODEL=${turns ? "round-robin:" : ""}${models.join(",")}`,
      ...lines,
      ...(attempts === undefined ? [] : [`TWELVEFOLD_ATTEMPTS=${attempts}`]),
    ],
    left,
  };
}

function addressOf(provider: keyof typeof PROVIDERS, address: string, left: string[]): readonly string[] {
  const settings: ProviderSettings = PROVIDERS[provider];
  const variable =
    settings.baseUrl ?? { ollama: "OLLAMA_HOST", "openai-generic": "TWELVEFOLD_BASE_URL" }[String(provider)];
  if (variable !== undefined && !address.startsWith("env.")) return [`${variable}=${address}`];
  left.push(`say in .env where ${provider} is reached (it was ${address})`);
  return [];
}

function shorthand(text: string): BamlClient {
  const slash = text.indexOf("/");
  return {
    provider: text.slice(0, Math.max(0, slash)),
    model: slash < 0 ? undefined : text.slice(slash + 1),
    baseUrl: undefined,
    key: undefined,
    strategy: [],
    attempts: undefined,
    others: [],
  };
}
