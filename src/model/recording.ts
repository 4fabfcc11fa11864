import { digestOf } from "../base/digest.ts";
import { canonicalJson, isJsonObject, type Json, type JsonObject, readJson } from "../base/json.ts";
import { diffLines } from "../base/line-diff.ts";
import { removeSecrets } from "../base/secret-patterns.ts";
import { cleanJson } from "./clean-body.ts";
import { requestText } from "./request-text.ts";

/**
 * One exchange of a recording: a request and the provider's answer. Holds no headers, no credentials, and in its bodies nothing
 * that looks like a secret.
 */
export interface RecordedCall {
  readonly v: 1;
  /** SHA-256 over path and body; see `recordedRequest`. */
  readonly digest: string;
  readonly request: RecordedRequest;
  readonly response: RecordedResponse;
}

export interface RecordedRequest {
  readonly method: string;
  /** Relative to the base URL, with its query: `/chat/completions`. */
  readonly path: string;
  /** The body as JSON, or as text if it is not JSON; without secrets. */
  readonly body: Json;
}

export interface RecordedResponse {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfter?: string | undefined;
  /** The whole body, even of a stream; without secrets. */
  readonly body: string;
}

const CREDENTIAL_HEADERS = ["authorization", "x-api-key", "api-key", "x-goog-api-key", "proxy-authorization"];
const CREDENTIAL_PARAMETERS = ["key", "api_key", "api-key", "access_token"];

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * A request as it is recorded and looked up: relative to the base URL, without headers, with `[redacted]` in place of
 * credentials, and without other secrets.
 */
export function recordedRequest(
  method: string,
  url: string,
  headers: Headers,
  bodyText: string,
): RecordedRequest {
  const { pathname, searchParams } = new URL(url, "http://127.0.0.1");
  for (const name of CREDENTIAL_PARAMETERS) searchParams.delete(name);
  const query = searchParams.size === 0 ? "" : `?${searchParams}`;
  const clean = removeCredentials(headers, url);
  return cleanRequest({
    method,
    path: clean(pathname.replace(/^\/v1(?=\/)/, "") + query),
    body: readBody(clean(bodyText)),
  });
}

/** Also for what an earlier release has recorded, or somebody has written by hand. */
export function cleanRequest({ method, path, body }: RecordedRequest): RecordedRequest {
  return { method, path: removeSecrets(path), body: cleanJson(body) };
}

/** Equal requests have equal digests, whatever the order of their fields. */
export function requestDigest({ method, path, body }: RecordedRequest): string {
  return digestOf({ method, path, body });
}

/** Returns a function that replaces a request's credentials with `[redacted]` in any text. */
export function removeCredentials(headers: Headers, url: string): (text: string) => string {
  const fromHeaders = CREDENTIAL_HEADERS.map((name) => headers[name]).flatMap((value) => value ?? []);
  const { searchParams } = new URL(url, "http://127.0.0.1");
  const fromQuery = CREDENTIAL_PARAMETERS.flatMap((name) => searchParams.getAll(name));
  const secrets = [...fromHeaders, ...fromQuery]
    .map((value) => value.replace(/^(?:Bearer|Basic)\s+/i, ""))
    // Shorter ones are placeholders such as `none`, and words of any text.
    .filter((secret) => secret.length >= 8);
  return (text) => secrets.reduce((clean, secret) => clean.replaceAll(secret, "[redacted]"), text);
}

function readBody(text: string): Json {
  return readJson(text) ?? text;
}

/** Reads one line of a recording; `undefined` if it is not valid. */
export function readRecordedCall(line: string): RecordedCall | undefined {
  return callOf(readBody(line));
}

/** The same for a value. */
export function callOf(call: Json): RecordedCall | undefined {
  if (!isJsonObject(call) || call["v"] !== 1 || typeof call["digest"] !== "string") return undefined;
  const { request, response } = call;
  if (!isJsonObject(request) || !isJsonObject(response)) return undefined;
  const readRequest = readRecordedRequest(request);
  const readResponse = readRecordedResponse(response);
  if (readRequest === undefined || readResponse === undefined) return undefined;
  return { v: 1, digest: call["digest"], request: readRequest, response: readResponse };
}

function readRecordedRequest({ method, path, body }: JsonObject): RecordedRequest | undefined {
  if (typeof method !== "string" || typeof path !== "string" || body === undefined) return undefined;
  return { method, path, body };
}

function readRecordedResponse(response: JsonObject): RecordedResponse | undefined {
  const { status, contentType, retryAfter, body } = response;
  if (typeof status !== "number" || typeof contentType !== "string" || typeof body !== "string")
    return undefined;
  return { status, contentType, retryAfter: typeof retryAfter === "string" ? retryAfter : undefined, body };
}

/** So many lines of a difference are shown. */
const MOST_LINES = 60;

/** Describes for people where two requests differ: the first difference with some text around it, then line by line. */
export function describeDifference(recorded: RecordedRequest, sent: RecordedRequest): string {
  if (recorded.method !== sent.method || recorded.path !== sent.path) {
    return `recorded ${recorded.method} ${recorded.path}, sent ${sent.method} ${sent.path}`;
  }
  const before = canonicalJson(recorded.body);
  const after = canonicalJson(sent.body);
  const at = sharedPrefix(before, after);
  const around = (text: string) => JSON.stringify(text.slice(Math.max(0, at - 30), at + 50));
  const lines = diffLines(requestText(before), requestText(after));
  const more = lines.length > MOST_LINES ? [`… ${lines.length - MOST_LINES} more lines`] : [];
  return [
    `the bodies differ from character ${at}: recorded ${around(before)}, sent ${around(after)}`,
    ...lines.slice(0, MOST_LINES),
    ...more,
  ].join("\n");
}

/** How many characters two texts share at the beginning. */
export function sharedPrefix(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at < length && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  return at;
}
