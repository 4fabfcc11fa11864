import { isUtf8 } from "node:buffer";
import type { ProviderResponse, Usage } from "../../base/completion.ts";
import { type Json, readJson } from "../../base/json.ts";
import { decodeBody } from "../http/decode-body.ts";
import { FetchProblem } from "../http/problem.ts";
import { redactText } from "../http/redact.ts";
import type { HttpAnswer } from "../http/send.ts";
import { serverSentData } from "../http/server-sent-events.ts";
import type { Finish } from "../wire/finish.ts";
import { readError } from "../wire/reported-error.ts";
import { mayRefuseUsage } from "../wire/stream-usage.ts";
import {
  type ModelReply,
  type ReportedError,
  readResponse,
  type WholeBody,
  type WireFormat,
} from "../wire/wire.ts";
import { type Failure, failureOf, transient } from "./failure.ts";
import { retryAfterMs } from "./retry-after.ts";

/** What an answer holds: a complete reply, or the reason why there is none. */
export type ReadAnswer =
  | { readonly kind: "replied"; readonly reply: ModelReply; readonly validText: boolean }
  | Failure;

export interface ReadOptions {
  readonly format: WireFormat;
  /** Secrets to remove from what the provider says. */
  readonly secrets: readonly string[];
  /** Called with all of the text so far whenever a stream brings more; never for a body that comes whole. */
  readonly onText: ((text: string) => void) | undefined;
  /** Ms since the epoch, to read `Retry-After` dates. */
  readonly now: () => number;
}

const EVENT = /^(?:data|event|id|retry)?:|^data[\r\n]/;

/**
 * Reads an answer by what it is, not by what it claims to be: some streams come as plain text, and some whole bodies
 * and errors come as streams. Throws `FetchProblem` if the connection breaks or is too slow.
 */
export async function readAnswer(answer: HttpAnswer, options: ReadOptions): Promise<ReadAnswer> {
  const { beginning, body } = await decodeBody(answer);
  const ok = answer.status >= 200 && answer.status <= 299;
  return ok && EVENT.test(beginning)
    ? readStream(body, answer.status, options)
    : readWhole(body, answer, options);
}

async function readWhole(
  body: AsyncIterable<Uint8Array>,
  { status, headers }: HttpAnswer,
  { format, secrets, now }: ReadOptions,
): Promise<ReadAnswer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const text = new TextDecoder().decode(bytes);
  const json = jsonIn(text);
  const reported = errorIn(json, format);
  if (status < 200 || status > 299) {
    const message = reported?.message ?? plainExcerpt(text);
    const wait = retryAfterMs(headers, json, now());
    const failed = failureOf(status, { ...reported, message }, secrets, wait);
    return mayRefuseUsage(status, text) ? { ...failed, mayRefuseUsage: true } : failed;
  }
  // Some gateways report errors with status 200.
  if (reported !== undefined) return failureOf(reported.status ?? 502, reported, secrets);
  const whole = json === undefined ? undefined : format.readBody(json);
  if (whole === undefined) {
    const what = text.trim() === "" ? "an empty body" : `no completion but ${plainExcerpt(text)}`;
    return transient(redactText(`answered ${status} with ${what}`, secrets), status);
  }
  return acceptComplete(whole, { validText: isUtf8(bytes), status, response: readResponse(json ?? null) });
}

async function readStream(
  body: AsyncIterable<Uint8Array>,
  status: number,
  { format, secrets, onText }: ReadOptions,
): Promise<ReadAnswer> {
  let text = "";
  let finish: Finish | undefined;
  let spokeOn = false;
  let usage: Usage | null = null;
  let response: ProviderResponse = {};
  try {
    for await (const data of serverSentData(body)) {
      if (data.trim() === "[DONE]") break;
      const event = readJson(data);
      if (event === undefined) {
        // Some servers send words to keep the connection alive. A part of an event, though, means that a part
        // of the answer is lost.
        if (!/^\s*[[{]/.test(data) || finish !== undefined) continue;
        return transient("a part of the stream cannot be read", status);
      }
      const error = errorIn(event, format);
      if (error !== undefined) return failureOf(error.status ?? 502, error, secrets);
      const part = format.readPart(event);
      response = readResponse(event, response);
      if (part.usage !== undefined) usage = laterUsage(usage, part.usage);
      if (part.text !== undefined && part.text !== "") {
        spokeOn ||= finish !== undefined && part.isWhole !== true;
        text = part.isWhole === true ? part.text : text + part.text;
        onText?.(text);
      }
      // Once the provider says that an answer is not good, nothing later makes it good.
      if (finish === undefined || finish.kind === "stop") finish = part.finish ?? finish;
      if (part.done === true) break;
    }
  } catch (error) {
    // An answer that has said how it finished is complete, even if the stream never ends, unless every part
    // says so.
    const whole = finish !== undefined && !spokeOn;
    if (!(error instanceof FetchProblem) || error.kind === "too_large" || !whole) throw error;
  }
  const validText = !text.includes("\ufffd");
  return acceptComplete({ text, finish, usage }, { validText, status, response });
}

interface Received {
  readonly validText: boolean;
  readonly status: number;
  readonly response: ProviderResponse;
}

/** Accepts only an answer that the provider says is complete. */
function acceptComplete({ text, finish, usage }: WholeBody, received: Received): ReadAnswer {
  const { validText, status, response } = received;
  if (finish === undefined) return transient("the stream ended before the answer did", status);
  const { kind, reason } = finish;
  if (kind === "failed") return transient(`the provider broke off the answer (${reason})`, status);
  const reply = { text, finish: kind, usage, response: { ...response, finish: reason } };
  return { kind: "replied", reply, validText };
}

function errorIn(body: Json | undefined, format: WireFormat): ReportedError | undefined {
  if (body === undefined) return undefined;
  return readError(body) ?? readError(format.errorsIn?.(body));
}

// Counts come in several events, some of them partial; they never go down.
function laterUsage(before: Usage | null, now: Usage): Usage {
  return {
    inputTokens: Math.max(before?.inputTokens ?? 0, now.inputTokens),
    outputTokens: Math.max(before?.outputTokens ?? 0, now.outputTokens),
    cachedInputTokens: Math.max(before?.cachedInputTokens ?? 0, now.cachedInputTokens),
  };
}

/** The JSON of a body, even if it is dressed as a stream of one event. */
function jsonIn(text: string): Json | undefined {
  return readJson(text) ?? readJson(withoutFields(text));
}

function withoutFields(text: string): string {
  const lines = text
    .split(/\r\n|\n|\r/)
    .filter((line) => !/^(?:event|id|retry)?:|^(?:data:)?\s*\[DONE\]\s*$/.test(line));
  return lines.map((line) => line.replace(/^data:/, "")).join("\n");
}

const MAX_PAGE = 4_000;

// Quotes enough of an HTML page, or of another text that should not be there, to recognise it.
function plainExcerpt(whole: string): string {
  // Enough of it: to look for the ends of tags takes the square of their number.
  const text = whole.slice(0, MAX_PAGE);
  const plain = text
    .replace(/<(script|style)[\s\S]*?<\/\1>/gi, " ")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
  if (plain === "") return text.trim() === "" ? "no message" : "an empty page";
  return JSON.stringify(plain.length > 160 ? `${plain.slice(0, 160)}…` : plain);
}
