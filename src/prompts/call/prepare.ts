import { UsageError } from "../../base/errors.ts";
import { isBamlRequest } from "../baml/generated-client.ts";
import { holdsMedia, neutralise } from "../baml/neutralise.ts";
import { checkRunTimeTypes } from "../baml/run-time-types.ts";
import type { BamlFunction, BamlOptions, RunTimeTypes } from "../baml/types.ts";
import { MissingCredentialsError, ProviderUnavailableError } from "../errors.ts";
import { redactText, redactUrl } from "../http/redact.ts";
import { registryOf } from "../models/client-registry.ts";
import { optionSecrets } from "../models/option-secrets.ts";
import type { ModelClient } from "../types.ts";
import { withCachePoints } from "../wire/cache-points.ts";
import { askForUsage, withoutUsage } from "../wire/stream-usage.ts";
import { Prepared } from "./prepared-request.ts";

export interface PrepareOptions {
  readonly tb: RunTimeTypes | undefined;
  /** Bedrock is never streamed (see docs/prompts.md). */
  readonly stream: boolean;
  /** Whether other calls are in progress: see `BamlOptions`. */
  readonly apart?: boolean;
  /** Ms since the epoch, for signatures. */
  readonly now: number;
  /** Whether to mark for the provider's prompt cache what later requests will begin with. Default false. */
  readonly promptCache?: boolean | undefined;
}

/** Removes BAML's own markers from the arguments, so that it is safe to pass them to BAML. */
export function safeArguments(args: readonly unknown[]): readonly unknown[] {
  return args.map(neutralise);
}

/**
 * Builds the exact request for one client; without one, for the client that the function names in its `.baml` file.
 * `args` must have gone through `safeArguments`. Throws `UsageError` for arguments or clients that BAML rejects,
 * `MissingCredentialsError` if a key is missing, and `ProviderUnavailableError` if a token or an image that belongs to the
 * request cannot be fetched now.
 */
export async function prepare(
  fn: BamlFunction,
  args: readonly unknown[],
  client: ModelClient | undefined,
  { tb, stream, now, apart = false, promptCache = false }: PrepareOptions,
): Promise<Prepared> {
  if (tb !== undefined) checkRunTimeTypes(tb);
  const options: BamlOptions = {
    clientRegistry: client && registryOf(client),
    tb,
    remote: client?.provider === "vertex-ai" || args.some(holdsMedia),
    apart,
  };
  const bedrock = client?.provider === "aws-bedrock";
  const streamed = stream && !bedrock;
  const plain = await build(fn, args, options, { streamed, client });
  const built = promptCache ? { ...plain, body: withCachePoints(plain.url, plain.body) } : plain;
  const { url, headers, body } = bedrock ? await signIfNeeded(built, client, now) : built;
  if (client === undefined && /\/converse$/.test(url)) {
    throw new UsageError(
      "invalid_configuration",
      `${fn.name} names a Bedrock client in its .baml file, but requests of such clients are not signed: pass the client as the model`,
    );
  }
  const name = client?.name ?? nameOf(url, body);
  checkKey(headers, name);
  if (!streamed) return new Prepared(name, { url, headers, body }, false);
  const counted = uncounted.has(client ?? fn) ? withoutUsage(body) : askForUsage(url, body);
  return new Prepared(name, { url, headers, body: counted }, true);
}

const uncounted = new WeakSet<object>();

/** Remembers that a client's server refuses requests for the token counts of a stream. */
export function doesNotCount(client: ModelClient | BamlFunction): void {
  uncounted.add(client);
}

interface Built {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

async function build(
  fn: BamlFunction,
  args: readonly unknown[],
  options: BamlOptions,
  { streamed, client }: { readonly streamed: boolean; readonly client: ModelClient | undefined },
): Promise<Built> {
  let request: unknown;
  try {
    request = await (streamed ? fn.streamRequest(args, options) : fn.request(args, options));
  } catch (error) {
    throw buildError(error, fn, client);
  }
  if (!isBamlRequest(request)) {
    throw new UsageError("invalid_argument", `the BAML client gave no request for ${fn.name}`);
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    // BAML's own header tells the provider nothing and may hold the user info of a base URL.
    if (name !== "baml-original-url") headers[name] = String(value);
  }
  return { url: request.url, headers, body: request.body.text() };
}

// What BAML fetches while it builds a request: a token for Vertex AI, an image for providers that want its bytes.
const NOT_FETCHED = /token request failed|Failed to fetch media|error sending request/;
const NOT_FOUND = /Failed to fetch media: 4\d\d/;

function buildError(
  error: unknown,
  fn: BamlFunction,
  client: ModelClient | undefined,
): UsageError | ProviderUnavailableError {
  const name = error instanceof Error ? error.constructor.name : "";
  const text = error instanceof Error ? error.message : String(error);
  const secrets = client === undefined ? [] : optionSecrets(client);
  const message = redactText(text.split("\n\nStack backtrace")[0] ?? "", secrets)
    .replace(/^(BamlError: )?(BamlInvalidArgumentError: )?/, "")
    .replace(/https?:\/\/[^\s"')]+/g, redactUrl)
    .trim();
  if (NOT_FETCHED.test(message) && !NOT_FOUND.test(message)) {
    const name = client?.name ?? fn.name;
    const [line = ""] = message.split("\n", 1);
    return new ProviderUnavailableError(line, { client: name, attempts: [{ client: name, message: line }] });
  }
  const forArguments = name === "BamlInvalidArgumentError";
  return new UsageError(
    forArguments ? "invalid_argument" : "invalid_configuration",
    forArguments
      ? `${fn.name} was called with wrong arguments: ${message}`
      : `cannot build a request for ${fn.name}${client === undefined ? "" : ` and ${client.name}`}: ${message}`,
    { details: { function: fn.name, client: client?.name } },
  );
}

// If a variable is not set, BAML sends its name: `Bearer $OPENAI_API_KEY`.
const UNSET = /^(?:Bearer )?\$([A-Z][A-Z0-9_]*)$/;

function checkKey(headers: Readonly<Record<string, string>>, client: string): void {
  for (const value of Object.values(headers)) {
    const variable = UNSET.exec(value)?.[1];
    if (variable !== undefined) {
      throw new MissingCredentialsError(`${client} needs ${variable}, which is not set`, {
        client,
        missing: variable,
      });
    }
  }
}

function nameOf(url: string, body: string): string {
  const host = URL.canParse(url) ? new URL(url).hostname : "client";
  const model = /^\{"model":"([^"\\]*)"/.exec(body)?.[1];
  return model === undefined ? host : `${host}/${model}`;
}

async function signIfNeeded(request: Built, { options }: ModelClient, now: number): Promise<Built> {
  const option = (name: string) => {
    const value = options[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const endpoint = option("endpoint_url");
  const url =
    endpoint === undefined ? request.url : endpoint.replace(/\/+$/, "") + new URL(request.url).pathname;
  const bearer = option("bearer_token");
  if (bearer !== undefined) {
    return { ...request, url, headers: { ...request.headers, authorization: `Bearer ${bearer}` } };
  }
  const credentials = {
    accessKeyId: option("access_key_id") ?? "",
    secretAccessKey: option("secret_access_key") ?? "",
    region: option("region") ?? "",
    sessionToken: option("session_token"),
  };
  const { signForAws } = await import("../http/aws-signature.ts");
  const { headers } = signForAws({ ...request, url, method: "POST" }, credentials, "bedrock", now);
  return { url, headers: { ...headers }, body: request.body };
}
