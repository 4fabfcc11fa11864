import { isUtf8 } from "node:buffer";
import type { Usage } from "../../base/completion.ts";
import type { Json } from "../../base/json.ts";
import { FetchProblem } from "../http/problem.ts";
import { redactText, secretsOf } from "../http/redact.ts";
import { type HttpAnswer, send, type Timeouts } from "../http/send.ts";
import { serverSentData } from "../http/server-sent-events.ts";
import type { PreparedRequest } from "../types.ts";
import { wireFormatOf } from "../wire/formats.ts";
import { mayRefuseUsage } from "../wire/stream-usage.ts";
import {
  type FinishReason,
  type ModelReply,
  type ReportedError,
  readError,
  type WireFormat,
} from "../wire/wire.ts";
import { retryAfterMs } from "./retry-after.ts";

/** What one attempt came to. */
export type AttemptOutcome =
  | {
      readonly kind: "replied";
      readonly reply: ModelReply;
      readonly validText: boolean;
      readonly requestDigest: string;
    }
  | {
      readonly kind: "failed";
      readonly status?: number;
      readonly message: string;
      /** Trying again may help. */
      readonly again: boolean;
      /** The provider did nothing: try again at once, without counting it as an attempt. */
      readonly free?: boolean;
      readonly retryAfterMs?: number;
      /** The server may have refused no more than to count the tokens of a stream. */
      readonly mayRefuseUsage?: boolean;
    };

export interface AttemptOptions {
  readonly timeouts: Required<Timeouts>;
  readonly signal: AbortSignal | undefined;
  /** All of the text so far, whenever a stream has brought some. Absent: the request is not streamed. */
  readonly onText: ((text: string) => void) | undefined;
  /** Ms since the epoch, to read `Retry-After` dates. */
  readonly now: () => number;
}

type Unfinished =
  | Exclude<AttemptOutcome, { kind: "replied" }>
  | { kind: "replied"; reply: ModelReply; validText: boolean };

/** Sends a request once. Every failure of the provider is an outcome; throws only the signal's reason when aborted. */
export async function attempt(request: PreparedRequest, options: AttemptOptions): Promise<AttemptOutcome> {
  const secrets = secretsOf(request.url, request.headers);
  try {
    const { url, method, headers, body, digest } = request;
    const answer = await send({ url, method, headers, body }, options.timeouts, options.signal);
    const streamed = contentType(answer).includes("text/event-stream") && answer.status === 200;
    const read = streamed ? readStream : readWhole;
    const outcome = await read(answer, wireFormatOf(url), options, secrets);
    return outcome.kind === "replied" ? { ...outcome, requestDigest: digest } : outcome;
  } catch (error) {
    if (options.signal?.aborted) throw error;
    if (!(error instanceof FetchProblem)) throw error;
    const { kind } = error;
    const message = redactText(error.message, secrets);
    return {
      kind: "failed",
      message,
      again: kind !== "bad_url" && kind !== "too_large",
      free: kind === "stale_connection",
    };
  }
}

function contentType(answer: HttpAnswer): string {
  const type = answer.headers["content-type"];
  return typeof type === "string" ? type : "";
}

async function readWhole(
  answer: HttpAnswer,
  format: WireFormat,
  options: AttemptOptions,
  secrets: readonly string[],
): Promise<Unfinished> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body) chunks.push(chunk);
  const bytes = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
  const text = new TextDecoder().decode(bytes);
  const body = parseJson(text);
  const reported = body === undefined ? undefined : readError(body);
  if (answer.status < 200 || answer.status > 299) {
    const message = reported?.message ?? plainExcerpt(text);
    const wait = retryAfterMs(answer.headers, body, options.now());
    const failed = failure(answer.status, { ...reported, message }, secrets, wait);
    return mayRefuseUsage(answer.status, text) ? { ...failed, mayRefuseUsage: true } : failed;
  }
  const reply = body === undefined ? undefined : format.readReply(body);
  if (reply !== undefined) {
    options.onText?.(reply.text);
    return { kind: "replied", reply, validText: isUtf8(bytes) };
  }
  // Some gateways report errors with status 200.
  if (reported !== undefined) return failure(reported.status ?? 502, reported, secrets);
  const what = text.trim() === "" ? "an empty body" : `no completion but ${plainExcerpt(text)}`;
  const message = redactText(`answered ${answer.status} with ${what}`, secrets);
  return { kind: "failed", status: answer.status, message, again: true };
}

async function readStream(
  answer: HttpAnswer,
  format: WireFormat,
  options: AttemptOptions,
  secrets: readonly string[],
): Promise<Unfinished> {
  let text = "";
  let finish: FinishReason | undefined;
  let usage: Usage | null = null;
  let done = false;
  try {
    for await (const data of serverSentData(answer.body)) {
      if (data === "[DONE]") {
        done = true;
        break;
      }
      const event = parseJson(data);
      if (event === undefined) break;
      const part = format.readPart(event);
      if (part.error !== undefined) return failure(part.error.status ?? 502, part.error, secrets);
      if (part.usage !== undefined) usage = laterUsage(usage, part.usage);
      finish = part.finish ?? finish;
      if (part.text !== undefined && part.text !== "") {
        text += part.text;
        options.onText?.(text);
      }
      if (part.done === true) {
        done = true;
        break;
      }
    }
  } catch (error) {
    // What has said how it finished is whole, even if the end of the stream itself never comes.
    if (!(error instanceof FetchProblem) || error.kind === "too_large" || finish === undefined) throw error;
  }
  if (!done && finish === undefined) {
    return {
      kind: "failed",
      status: answer.status,
      message: "the stream ended before the answer did",
      again: true,
    };
  }
  const validText = !text.includes("\ufffd");
  return { kind: "replied", reply: { text, finish: finish ?? "other", usage }, validText };
}

// Counts come in several events, some of them partial, none of them ever going down.
function laterUsage(before: Usage | null, now: Usage): Usage {
  return {
    inputTokens: Math.max(before?.inputTokens ?? 0, now.inputTokens),
    outputTokens: Math.max(before?.outputTokens ?? 0, now.outputTokens),
    cachedInputTokens: Math.max(before?.cachedInputTokens ?? 0, now.cachedInputTokens),
  };
}

const AGAIN = new Set([408, 409, 425, 429]);
const HINTS: Readonly<Record<number, string>> = {
  401: "check the key",
  402: "the account has no credit",
  403: "the key may not use this model",
  404: "check the model's name and the base URL",
};
// OpenAI answers 429 both for too many requests, which passes, and for an empty account, which does not.
const FINAL_CODES = new Set(["insufficient_quota", "billing_hard_limit_reached", "billing_not_active"]);

function failure(
  status: number,
  error: ReportedError,
  secrets: readonly string[],
  retryAfter?: number,
): Exclude<AttemptOutcome, { kind: "replied" }> {
  const final = error.code !== undefined && FINAL_CODES.has(error.code);
  const again = !final && (AGAIN.has(status) || (status >= 500 && status !== 501 && status !== 505));
  const hint =
    HINTS[status] ?? (status >= 300 && status < 400 ? "redirects are not followed: check the base URL" : "");
  const text = redactText(error.message, secrets).slice(0, 500);
  return {
    kind: "failed",
    status,
    message: `${status} ${text}${hint === "" ? "" : ` (${hint})`}`,
    again,
    ...(retryAfter === undefined ? {} : { retryAfterMs: retryAfter }),
  };
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// Of an HTML page or another text that should not be there: enough to recognise it.
function plainExcerpt(text: string): string {
  const plain = text
    .replace(/<(script|style)[\s\S]*?<\/\1>/gi, " ")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
  if (plain === "") return text.trim() === "" ? "no message" : "an empty page";
  return JSON.stringify(plain.length > 160 ? `${plain.slice(0, 160)}…` : plain);
}
