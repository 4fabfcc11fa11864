import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { cannotListen } from "../base/listening.ts";
import {
  type ChatRequest,
  type Completion,
  completionBody,
  completionChunks,
  isProblem,
  type Problem,
  parseChatRequest,
  problemBody,
} from "./chat-protocol.ts";

/** A model server on this machine. It listens until it is closed. */
export interface ModelServer {
  /** What an OpenAI-compatible client needs as its `base_url`; ends in `/v1`. */
  readonly url: string;
  readonly port: number;
  /** Stops listening and cuts open connections. */
  close(): Promise<void>;
}

export interface ListenOptions {
  /** Default 0: a free port. */
  readonly port?: number | undefined;
  readonly host?: "127.0.0.1";
}

/** Answers one HTTP request. If it throws, the answer is a 500. */
export type HttpHandler = (
  request: IncomingMessage,
  bodyText: string,
  response: ServerResponse,
) => Promise<void>;

/** A larger request is refused with 413. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** Listens on loopback only. Throws `UsageError` if the port is not available. */
export async function listen(handler: HttpHandler, options: ListenOptions = {}): Promise<ModelServer> {
  const server = createServer((request, response) => {
    answerSafely(handler, request, response).catch(() => response.destroy());
  });
  const port = options.port ?? 0;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(cannotListen(options.host ?? "127.0.0.1", port, cause)));
    server.listen(port, options.host ?? "127.0.0.1", resolve);
  });
  const address = server.address();
  const listening = address !== null && typeof address === "object" ? address.port : port;
  return {
    url: `http://127.0.0.1:${listening}/v1`,
    port: listening,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answerSafely(
  handler: HttpHandler,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const bodyText = await readBody(request);
  if (bodyText === undefined) {
    response.setHeader("connection", "close");
    sendProblem(response, { status: 413, message: `The body is larger than ${MAX_BODY_BYTES} bytes.` });
    return;
  }
  try {
    await handler(request, bodyText, response);
  } catch (error) {
    if (response.headersSent) throw error;
    const message = error instanceof Error ? error.message : String(error);
    sendProblem(response, { status: 500, message, type: "server_error" });
  }
}

/** The body as text, or `undefined` if it is too large. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    const bytes = Buffer.from(part);
    size += bytes.length;
    if (size > MAX_BODY_BYTES) return undefined;
    parts.push(bytes);
  }
  return Buffer.concat(parts).toString("utf8");
}

/**
 * The two routes of an OpenAI-compatible server: `POST /v1/chat/completions`, answered by `answer`, and
 * `GET /v1/models`. Anything else is an error in OpenAI's shape.
 */
export function chatRoutes(options: {
  readonly model: string;
  readonly answer: (
    request: ChatRequest,
    response: ServerResponse,
  ) => Promise<Completion | Problem | "answered">;
}): HttpHandler {
  let completions = 0;
  return async (request, bodyText, response) => {
    const path = new URL(request.url ?? "/", "http://127.0.0.1").pathname;
    const route = `${request.method} ${path}`;
    if (route === "GET /v1/models") {
      const model = { id: options.model, object: "model", created: 0, owned_by: "twelvefold" };
      return sendJson(response, 200, { object: "list", data: [model] });
    }
    if (route !== "POST /v1/chat/completions") {
      const known = path === "/v1/models" || path === "/v1/chat/completions";
      return sendProblem(response, {
        status: known ? 405 : 404,
        message: `${known ? "Not allowed" : "Unknown URL"}: ${route}. There are POST /v1/chat/completions and GET /v1/models.`,
      });
    }
    const chat = parseChatRequest(bodyText);
    if (isProblem(chat)) return sendProblem(response, chat);
    const { authorization } = request.headers;
    const answer = await options.answer(
      authorization === undefined ? chat : { ...chat, authorization },
      response,
    );
    if (answer === "answered") return;
    if (isProblem(answer)) return sendProblem(response, answer);
    completions += 1;
    const id = answer.id ?? `chatcmpl-${completions}`;
    const { contentType, text } = encodeCompletion(chat, answer, { id, model: options.model });
    sendText(response, 200, contentType, text);
  };
}

/** A whole completion as the body of an answer: JSON, or server-sent events where the request asked for a stream. */
export function encodeCompletion(
  request: ChatRequest,
  completion: Completion,
  fingerprint: { id: string; model: string },
): { readonly contentType: string; readonly text: string } {
  if (!request.stream) {
    const body = completionBody(request, completion, fingerprint);
    return { contentType: "application/json", text: JSON.stringify(body) };
  }
  const chunks = completionChunks(request, completion, fingerprint);
  return {
    contentType: "text/event-stream; charset=utf-8",
    text: chunks.map((data) => `data: ${data}\n\n`).join(""),
  };
}

/** Sends an error in OpenAI's shape. */
export function sendProblem(response: ServerResponse, problem: Problem): void {
  if (problem.retryAfter !== undefined) response.setHeader("retry-after", String(problem.retryAfter));
  sendJson(response, problem.status, problemBody(problem));
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  sendText(response, status, "application/json", JSON.stringify(body));
}

function sendText(response: ServerResponse, status: number, contentType: string, text: string): void {
  response.writeHead(status, { "content-type": contentType, "content-length": Buffer.byteLength(text) });
  response.end(text);
}
