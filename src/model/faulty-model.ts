import type { ServerResponse } from "node:http";
import { UsageError } from "../base/errors.ts";
import { isJsonArray, isJsonObject, type Json } from "../base/json.ts";
import { checkNames, type NamesOf } from "../base/options.ts";
import type { ChatRequest, Completion, Problem } from "./chat-protocol.ts";
import { FAULTS, type Fault, spoil } from "./faults.ts";
import {
  chatRoutes,
  encodeCompletion,
  type ListenOptions,
  listen,
  type ModelServer,
} from "./model-server.ts";
import { isWireFault, WIRE_FAULTS, type WireFault } from "./odd-wire.ts";
import { type Random, seededRandom } from "./random.ts";

export interface FaultyOptions extends ListenOptions {
  /** Base URL of a model that gives the good answers, e.g. of `startOfflineModel`. Either this or `answer`. */
  readonly upstream?: string;
  /** The good answer itself, or a function that gives it. Either this or `upstream`. */
  readonly answer?: string | ((request: ChatRequest) => string | Promise<string>);
  /** The same seed gives the same faults in the same order. */
  readonly seed: number;
  /** How often each fault happens, from 0 to 1; together at most 1. A fault that is not listed never happens. */
  readonly rates: Readonly<Partial<Record<Fault, number>>>;
  /** Seconds in `Retry-After`. Default 1. */
  readonly retryAfter?: number;
  /** Called for each request with what it gets; `null` for a good answer. Must not throw. */
  readonly onServed?: ((fault: Fault | null) => void) | undefined;
  /** Milliseconds between the 20 pieces of a `slow_drip`. Default 25. */
  readonly dripInterval?: number;
}

export interface FaultyModel extends ModelServer {
  /** What each request got, in the order in which they came; `null` for a good answer. */
  readonly served: readonly (Fault | null)[];
}

const NAME = "twelvefold-faulty";
const PIECES = 20;

const NAMES: NamesOf<FaultyOptions> = {
  upstream: true,
  answer: true,
  seed: true,
  rates: true,
  retryAfter: true,
  onServed: true,
  dripInterval: true,
  port: true,
  host: true,
};

/**
 * Starts a model that answers well or badly, as seed and rates decide. Which fault the n-th request gets depends only
 * on the seed and n. Throws `UsageError` (`invalid_argument`) unless exactly one of `upstream` and `answer` is given
 * and the rates are valid.
 *
 * @example
 * const model = await startFaultyModel({
 *   answer: '{"intent":"done_for_now","message":"done"}',
 *   seed: 1,
 *   rates: { rate_limited: 0.2, garbage: 0.1 },
 * });
 * // … let a client use model.url …
 * await model.close();
 */
export async function startFaultyModel(options: FaultyOptions): Promise<FaultyModel> {
  checkNames("startFaultyModel", NAMES, options);
  checkRates(options);
  const served: (Fault | null)[] = [];
  const routes = chatRoutes({
    model: NAME,
    answer: async (request, response) => {
      const random = seededRandom(Math.imul(options.seed, 0x9e3779b1) + served.length);
      const fault = draw(options.rates, random);
      served.push(fault);
      options.onServed?.(fault);
      const problem = problemOf(fault, options.retryAfter ?? 1);
      if (problem !== undefined) return problem;
      if (fault === "hang") return "answered";
      const good = await goodAnswer(options, request);
      if (typeof good !== "string") return good;
      const content = fault === null ? good : ((await spoil(fault, good, random)) ?? good);
      const completion: Completion =
        fault === "truncated" ? { content, finishReason: "length" } : { content };
      if (isWireFault(fault)) {
        sendOddly(
          fault,
          encodeCompletion(request, completion, { id: "chatcmpl-odd", model: NAME }),
          response,
        );
        return "answered";
      }
      if (fault !== "reset" && fault !== "slow_drip") return completion;
      const body = encodeCompletion(request, completion, { id: "chatcmpl-slow", model: NAME });
      await sendBadly(fault, body, response, options.dripInterval ?? 25);
      return "answered";
    },
  });
  return { ...(await listen(routes, options)), served };
}

function checkRates({ upstream, answer, rates }: FaultyOptions): void {
  if ((upstream === undefined) === (answer === undefined)) {
    throw new UsageError("invalid_argument", "a faulty model takes exactly one of `upstream` and `answer`");
  }
  const values = FAULTS.map((fault) => rates[fault] ?? 0);
  const sum = values.reduce((total, rate) => total + rate, 0);
  if (values.some((rate) => !(rate >= 0 && rate <= 1)) || sum > 1 + 1e-9) {
    throw new UsageError(
      "invalid_argument",
      `rates must lie between 0 and 1 and add up to at most 1, not ${sum}`,
    );
  }
}

function draw(rates: FaultyOptions["rates"], random: Random): Fault | null {
  let left = random();
  for (const fault of FAULTS) {
    left -= rates[fault] ?? 0;
    if (left < 0) return fault;
  }
  return null;
}

function problemOf(fault: Fault | null, retryAfter: number): Problem | undefined {
  const limited = {
    status: 429,
    message: "Rate limit reached.",
    type: "requests",
    code: "rate_limit_exceeded",
  };
  switch (fault) {
    case "rate_limited":
      return limited;
    case "rate_limited_retry_after":
      return { ...limited, retryAfter };
    case "server_error":
      return { status: 500, message: "The server had an error.", type: "server_error" };
    default:
      return undefined;
  }
}

/** The upstream's content, or its error unchanged. */
async function goodAnswer(options: FaultyOptions, request: ChatRequest): Promise<string | Problem> {
  if (typeof options.answer === "function") return options.answer(request);
  if (options.answer !== undefined) return options.answer;
  const response = await fetch(`${options.upstream?.replace(/\/+$/, "")}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...authorizationOf(request) },
    body: JSON.stringify({ ...request.body, stream: false }),
  });
  const text = await response.text();
  if (!response.ok) return { status: response.status, message: text };
  const body: Json = JSON.parse(text);
  return contentOf(body) ?? { status: 502, message: "The upstream model gave no completion." };
}

/** Passes the caller's key on to the upstream. */
function authorizationOf({ authorization }: ChatRequest): Record<string, string> {
  return authorization === undefined ? {} : { authorization };
}

function contentOf(body: Json): string | undefined {
  const choices = isJsonObject(body) ? (body["choices"] ?? null) : null;
  const first = isJsonArray(choices) ? choices[0] : undefined;
  const message = isJsonObject(first) ? first["message"] : undefined;
  const content = isJsonObject(message) ? message["content"] : undefined;
  return typeof content === "string" ? content : undefined;
}

function sendOddly(
  fault: WireFault,
  { contentType, text }: ReturnType<typeof encodeCompletion>,
  response: ServerResponse,
): void {
  const { body, headers, ...odd } = WIRE_FAULTS[fault]({ contentType, body: text });
  response.writeHead(200, { ...headers, "content-type": odd.contentType });
  response.end(body);
}

/** Sends half of the body and resets the connection, or sends all of it in slow pieces. */
async function sendBadly(
  fault: "reset" | "slow_drip",
  { contentType, text }: ReturnType<typeof encodeCompletion>,
  response: ServerResponse,
  dripInterval: number,
): Promise<void> {
  const bytes = Buffer.from(text);
  response.writeHead(200, { "content-type": contentType, "content-length": bytes.length });
  if (fault === "reset") {
    response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.socket?.resetAndDestroy());
    return;
  }
  for (let piece = 0; piece < PIECES && !response.destroyed; piece += 1) {
    const from = Math.floor((bytes.length * piece) / PIECES);
    response.write(bytes.subarray(from, Math.floor((bytes.length * (piece + 1)) / PIECES)));
    await new Promise((resolve) => setTimeout(resolve, dripInterval));
  }
  response.end();
}
