import type { IncomingMessage, ServerResponse } from "node:http";
import { checkNames } from "../base/options.ts";
import { cleanBody } from "./clean-body.ts";
import { type ListenOptions, listen, type ModelServer, sendProblem } from "./model-server.ts";
import { type RecordedCall, recordedRequest, removeCredentials, requestDigest } from "./recording.ts";
import { openRecording } from "./recording-files.ts";

export interface RecordingOptions extends ListenOptions {
  /** The provider's base URL, e.g. `https://api.openai.com/v1`. */
  readonly upstream: string;
  /**
   * Where the calls are appended: a file whose name ends in `.jsonl`, a line each, or a folder, readable files each. Folders
   * are created if they are missing.
   */
  readonly file: string;
  /** Called once a call is written, with the name of its file. Must not throw. */
  readonly onRecorded?: ((call: RecordedCall, name: string) => void) | undefined;
}

/** Headers that belong to one connection or that this server sets itself. */
const NOT_FORWARDED = new Set([
  "host",
  "connection",
  "content-length",
  "transfer-encoding",
  "keep-alive",
  "accept-encoding",
  "upgrade",
  "te",
  "trailer",
  "expect",
  "baml-original-url",
]);
const FORWARDED_BACK = ["content-type", "retry-after", "retry-after-ms", "x-request-id", "x-should-retry"];

/**
 * Starts a server that forwards every request to a provider, streams the answer back as it comes, and writes both to a
 * file once the answer is complete. Credentials are forwarded but never written, and what looks like a secret in a body is
 * replaced in what is written. An answer that either side cuts off is not recorded.
 *
 * @example
 * const recorder = await startRecordingModel({ upstream: "https://api.openai.com/v1", file: "calls.jsonl" });
 * // … let a client use recorder.url, then replay the file with startReplayingModel …
 * await recorder.close();
 */
export async function startRecordingModel(options: RecordingOptions): Promise<ModelServer> {
  const names = { upstream: true, file: true, onRecorded: true, port: true, host: true } as const;
  checkNames("startRecordingModel", names, options);
  const append = await openRecording(options.file);
  const upstream = options.upstream.replace(/\/+$/, "");
  /** Calls are written one at a time, so that their lines do not mix. */
  let written: Promise<void> = Promise.resolve();
  const write = (call: RecordedCall): Promise<void> => {
    written = written
      .catch(() => {})
      .then(async () => {
        const name = await append(call);
        options.onRecorded?.(call, name);
      });
    return written;
  };
  const server = await listen(async (request, bodyText, response) => {
    const call = await passOn(upstream, request, bodyText, response);
    if (call === undefined) return;
    // Written before the client knows that the answer is complete.
    await write(call);
    response.end();
  }, options);
  return { ...server, close: () => server.close().then(() => written.catch(() => {})) };
}

async function passOn(
  upstream: string,
  request: IncomingMessage,
  bodyText: string,
  response: ServerResponse,
): Promise<RecordedCall | undefined> {
  const url = request.url ?? "/";
  const { pathname, search } = new URL(url, "http://127.0.0.1");
  if (!pathname.startsWith("/v1/")) {
    sendProblem(response, { status: 404, message: `Unknown URL: ${pathname}. The base URL ends in /v1.` });
    return undefined;
  }
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  const method = request.method ?? "GET";
  let answer: Response;
  try {
    answer = await fetch(upstream + pathname.slice("/v1".length) + search, {
      method,
      headers: headersToForward(request),
      // A redirect could carry the credentials to another host.
      redirect: "error",
      signal: gone.signal,
      body: bodyText === "" ? null : bodyText,
    });
  } catch (error) {
    const reason =
      error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    sendProblem(response, {
      status: 502,
      message: `Cannot reach the provider: ${reason}`,
      type: "server_error",
    });
    return undefined;
  }
  const clean = removeCredentials(request.headers, url);
  const recorded = recordedRequest(method, url, request.headers, bodyText);
  const body = await copyBody(answer, response);
  return {
    v: 1,
    digest: requestDigest(recorded),
    request: recorded,
    response: {
      status: answer.status,
      contentType: answer.headers.get("content-type") ?? "application/octet-stream",
      retryAfter: answer.headers.get("retry-after") ?? undefined,
      body: cleanBody(clean(body)),
    },
  };
}

function headersToForward(request: IncomingMessage): Headers {
  const headers = new Headers({ "accept-encoding": "identity" });
  for (const [name, value] of Object.entries(request.headers)) {
    if (value === undefined || NOT_FORWARDED.has(name)) continue;
    for (const one of [value].flat()) headers.append(name, one);
  }
  return headers;
}

/** Forwards the answer as it arrives, except for its end, and returns its text. Throws if the answer breaks off. */
async function copyBody(answer: Response, response: ServerResponse): Promise<string> {
  const headers = FORWARDED_BACK.flatMap((name) => {
    const value = answer.headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  response.writeHead(answer.status, Object.fromEntries(headers));
  const decoder = new TextDecoder();
  let body = "";
  for await (const part of answer.body ?? []) {
    body += decoder.decode(part, { stream: true });
    response.write(part);
  }
  return body + decoder.decode();
}
