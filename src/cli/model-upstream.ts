import { UsageError } from "../base/errors.ts";
import { selectModel } from "../prompts/models/select-model.ts";
import type { Session } from "./session.ts";

/** The model behind a recording or faulty one. */
export interface Upstream {
  readonly url: string;
  /** What to set in the environment of a program that is to ask another address instead. */
  variablesFor(url: string): Readonly<Record<string, string>>;
}

interface ProviderAddress {
  readonly address: string;
  /** The variable that names another one. */
  readonly variable: string;
  /** Anthropic's clients add the version to the address. */
  readonly withoutVersion?: true;
}

const ADDRESSES: ReadonlyMap<string, ProviderAddress> = new Map([
  ["openai", { address: "https://api.openai.com/v1", variable: "OPENAI_BASE_URL" }],
  [
    "anthropic",
    {
      address: "https://api.anthropic.com/v1",
      variable: "ANTHROPIC_BASE_URL",
      withoutVersion: true as const,
    },
  ],
  ["google-ai", { address: "https://generativelanguage.googleapis.com/v1beta", variable: "GOOGLE_BASE_URL" }],
  ["openrouter", { address: "https://openrouter.ai/api/v1", variable: "OPENROUTER_BASE_URL" }],
]);

/**
 * The address that is asked: `named` by its URL, or that of the configured model, or the built-in model, which is started.
 * Throws `UsageError` for an address that is none, and for a configured model whose address is not known here.
 */
export async function chooseUpstream(session: Session, named: string | undefined): Promise<Upstream> {
  if (named !== undefined) {
    if (!URL.canParse(named) || !/^https?:/.test(named))
      throw new UsageError(
        "invalid_argument",
        `--upstream takes an address such as https://api.openai.com/v1, not ${JSON.stringify(named)}`,
      );
    return { url: named, variablesFor: (url) => ({ TWELVEFOLD_BASE_URL: url }) };
  }
  const selected = selectModel(session.env);
  if (selected.kind === "offline") {
    const { startOfflineModel } = await import("../model/offline/offline-model.ts");
    const server = await startOfflineModel();
    session.onClose(() => server.close());
    session.terminal.err(
      "No model is configured: the built-in offline model is behind it; --upstream names another.",
    );
    return { url: server.url, variablesFor: (url) => ({ TWELVEFOLD_BASE_URL: url }) };
  }
  const [client] = selected.choice.clients;
  const known = ADDRESSES.get(client?.provider ?? "");
  const own = client?.options["base_url"];
  const url = typeof own === "string" ? own : known?.address;
  if (url === undefined)
    throw new UsageError(
      "invalid_argument",
      `name the address of ${client?.name ?? "the model"} with --upstream`,
    );
  return {
    url: known?.withoutVersion === true && typeof own === "string" ? `${own.replace(/\/+$/, "")}/v1` : url,
    variablesFor: (other) => ({
      [known?.variable ?? "TWELVEFOLD_BASE_URL"]:
        known?.withoutVersion === true ? other.replace(/\/v1$/, "") : other,
    }),
  };
}
