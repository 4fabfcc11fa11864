import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../base/json.ts";

/** One message of a chat request. Several text parts are joined with line breaks; parts of other kinds are dropped. */
export interface ChatMessage {
  readonly role: string;
  readonly text: string;
}

/** A chat completion request in OpenAI's format, as far as these servers read it. */
export interface ChatRequest {
  /** `""` if the request names none. */
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly stream: boolean;
  /** `stream_options.include_usage`. */
  readonly includeUsage: boolean;
  readonly body: JsonObject;
  /** The body exactly as it came. */
  readonly bodyText: string;
  /** The `Authorization` header. No model here checks it. */
  readonly authorization?: string;
}

/** What a model says to one request. */
export interface Completion {
  readonly content: string;
  /** Default: the server numbers its completions. */
  readonly id?: string;
  /** Default `stop`. */
  readonly finishReason?: "stop" | "length" | "content_filter";
  /** Default: an estimate of four characters per token. */
  readonly usage?: { readonly promptTokens: number; readonly completionTokens: number };
}

/** An error in the shape in which OpenAI's servers send it. */
export interface Problem {
  readonly status: number;
  readonly message: string;
  /** OpenAI's `error.type`. Default `invalid_request_error`. */
  readonly type?: string;
  readonly code?: string;
  readonly param?: string;
  /** In seconds; sent as `Retry-After`. */
  readonly retryAfter?: number;
}

export function isProblem(value: object): value is Problem {
  return "status" in value && "message" in value;
}

/** Reads a chat request. Returns a `Problem` to answer with if it is not valid. */
export function parseChatRequest(bodyText: string): ChatRequest | Problem {
  let body: Json;
  try {
    body = JSON.parse(bodyText);
  } catch {
    return { status: 400, message: "The body is not JSON.", code: "invalid_json" };
  }
  if (!isJsonObject(body)) return { status: 400, message: "The body must be a JSON object." };
  const messages = body["messages"];
  if (messages === undefined) {
    return {
      status: 400,
      message: "Missing required parameter: 'messages'.",
      param: "messages",
      code: "missing_required_parameter",
    };
  }
  const read = isJsonArray(messages) ? messages.map(readMessage) : [];
  const good = read.filter((message) => message !== undefined);
  if (good.length === 0 || good.length < read.length) {
    return {
      status: 400,
      message: "'messages' must be a non-empty array of objects with a 'role' and a 'content'.",
      param: "messages",
      code: "invalid_type",
    };
  }
  const streamOptions = body["stream_options"];
  return {
    model: typeof body["model"] === "string" ? body["model"] : "",
    messages: good,
    stream: body["stream"] === true,
    includeUsage: isJsonObject(streamOptions) && streamOptions["include_usage"] === true,
    body,
    bodyText,
  };
}

function readMessage(message: Json): ChatMessage | undefined {
  if (!isJsonObject(message) || typeof message["role"] !== "string") return undefined;
  const content = message["content"] ?? null;
  if (typeof content === "string") return { role: message["role"], text: content };
  if (content === null) return { role: message["role"], text: "" };
  if (!isJsonArray(content)) return undefined;
  const texts = content.map((part) => (isJsonObject(part) ? part["text"] : undefined));
  return { role: message["role"], text: texts.filter((text) => typeof text === "string").join("\n") };
}

/** The body of an answer that is not streamed. `created` is 0, so that answers are deterministic. */
export function completionBody(
  request: ChatRequest,
  completion: Completion,
  fingerprint: { id: string; model: string },
): JsonObject {
  return {
    id: fingerprint.id,
    object: "chat.completion",
    created: 0,
    model: fingerprint.model,
    system_fingerprint: fingerprint.model,
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: completion.content, refusal: null },
        logprobs: null,
        finish_reason: completion.finishReason ?? "stop",
      },
    ],
    usage: usageOf(request, completion),
  };
}

/** The answer as the data of server-sent events, `[DONE]` included. The content is sent a few words at a time. */
export function completionChunks(
  request: ChatRequest,
  completion: Completion,
  fingerprint: { id: string; model: string },
): string[] {
  const chunk = (choices: Json, usage?: Json): string =>
    JSON.stringify({
      id: fingerprint.id,
      object: "chat.completion.chunk",
      created: 0,
      model: fingerprint.model,
      system_fingerprint: fingerprint.model,
      choices,
      usage,
    });
  const delta = (fields: JsonObject, finishReason: string | null = null): string =>
    chunk([{ index: 0, delta: fields, logprobs: null, finish_reason: finishReason }]);
  const pieces = completion.content.match(/(?:\S+\s*|\s+){1,3}/g) ?? [];
  return [
    delta({ role: "assistant", content: "" }),
    ...pieces.map((content) => delta({ content })),
    delta({}, completion.finishReason ?? "stop"),
    ...(request.includeUsage ? [chunk([], usageOf(request, completion))] : []),
    "[DONE]",
  ];
}

function usageOf(request: ChatRequest, completion: Completion): JsonObject {
  const characters = request.messages.reduce((sum, message) => sum + message.text.length, 0);
  const prompt = completion.usage?.promptTokens ?? Math.ceil(characters / 4);
  const answer = completion.usage?.completionTokens ?? Math.ceil(completion.content.length / 4);
  return { prompt_tokens: prompt, completion_tokens: answer, total_tokens: prompt + answer };
}

/** The body of an error answer in OpenAI's shape. */
export function problemBody(problem: Problem): JsonObject {
  return {
    error: {
      message: problem.message,
      type: problem.type ?? "invalid_request_error",
      param: problem.param ?? null,
      code: problem.code ?? null,
    },
  };
}
