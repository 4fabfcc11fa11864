import { parseJson } from "../base/json.ts";
import { checkNames, type NamesOf } from "../base/options.ts";
import type { Operations, ThreadEvent } from "./operations.ts";
import { messagesIn } from "./sse.ts";

export interface ClientOptions {
  /** The server's address, e.g. `http://127.0.0.1:3120`, with the path it is mounted under, if any. */
  readonly url: string;
  /** An API key. Default: none, for a server on this machine that needs none. */
  readonly key?: string | undefined;
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch;
}

/** A refusal by the server, with its problem document for people (`message`) and programs (`code`, `details`). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** Seconds after which to try again, if the server says so. */
  readonly retryAfter: number | undefined;

  constructor(status: number, problem: Readonly<Record<string, unknown>>, retryAfter: number | undefined) {
    super(typeof problem["detail"] === "string" ? problem["detail"] : `the server answered ${status}`);
    this.name = "ApiError";
    this.status = status;
    this.code = typeof problem["code"] === "string" ? problem["code"] : "unknown";
    const { details } = problem;
    this.details = typeof details === "object" && details !== null ? { ...details } : {};
    this.retryAfter = retryAfter;
  }
}

type Filled<Name extends string, Fields> = keyof Fields extends never
  ? unknown
  : Record<never, never> extends Fields
    ? { readonly [K in Name]?: Fields }
    : { readonly [K in Name]: Fields };

/** The arguments of an operation: the parts of its path, its query, its body, and settings of this one request. */
export type RequestOf<O extends keyof Operations> = Filled<"path", Operations[O]["path"]> &
  Filled<"query", Operations[O]["query"]> &
  (undefined extends Operations[O]["body"]
    ? { readonly body?: Operations[O]["body"] }
    : { readonly body: Operations[O]["body"] }) & {
    /** The server acts only once on the same request with the same key. */
    readonly idempotencyKey?: string;
    readonly signal?: AbortSignal;
  };

export interface WatchOptions {
  /** Send only events after this sequence number. Default 0: all. */
  readonly after?: number;
  readonly signal?: AbortSignal;
  /**
   * Called with model output that is still being written, again and again, for display only. Must not throw: an error
   * breaks the connection, and the watch reconnects.
   */
  readonly onPartial?: (partial: unknown) => void;
}

export interface Client {
  /**
   * Sends one request, e.g. `request("POST /threads", { body: { agent, message } })`. Throws `ApiError` for a refusal, and
   * network errors as `fetch` throws them.
   */
  request<O extends keyof Operations>(operation: O, request: RequestOf<O>): Promise<Operations[O]["answer"]>;
  /**
   * The events of a thread as they come. A newer server may send types that this version does not know. Reconnects after an
   * interruption, even while the server is busy or away, and misses no event. Ends when `signal` is aborted; throws
   * `ApiError` if the server refuses for good.
   */
  watch(threadId: string, options?: WatchOptions): AsyncGenerator<ThreadEvent, void, void>;
}

interface AnyRequest {
  readonly path?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

const REQUEST: NamesOf<AnyRequest> = {
  path: true,
  query: true,
  body: true,
  idempotencyKey: true,
  signal: true,
};

/**
 * Creates a typed client of the HTTP API that needs nothing but `fetch`.
 *
 * @example
 * const client = createClient({ url: "http://127.0.0.1:3120", key });
 * const { threadId } = await client.request("POST /threads", { body: { agent: "calculator", message: "3 + 4" } });
 * for await (const event of client.watch(threadId)) console.log(event.type);
 */
export function createClient(options: ClientOptions): Client {
  checkNames("createClient", { url: true, key: true, fetch: true }, options);
  const { url, key, fetch: send = fetch } = options;
  const credentials = key === undefined ? {} : { authorization: `Bearer ${key}` };

  const call = async (operation: string, request: AnyRequest): Promise<Response> => {
    checkNames(operation, REQUEST, request);
    const [method = "", template = ""] = operation.split(" ");
    const { body, idempotencyKey, signal } = request;
    const response = await send(addressOf(url, template, request), {
      method,
      headers: {
        ...credentials,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal ?? null,
    });
    if (!response.ok) throw await problemIn(response);
    return response;
  };

  return {
    async request<O extends keyof Operations>(operation: O, request: RequestOf<O>) {
      const response = await call(operation, request);
      const text = await response.text();
      // The answer's type is the server's promise: it is made from the schema that its handler is checked against.
      const answer: Operations[O]["answer"] = parseJson(isData(response) ? text : JSON.stringify(text));
      return answer;
    },

    async *watch(threadId, options = {}) {
      checkNames("watch", { after: true, signal: true, onPartial: true }, options);
      const { after = 0, signal, onPartial } = options;
      let last = after;
      while (!isAborted(signal)) {
        let wait = 1_000;
        try {
          const response = await send(addressOf(url, "/threads/{threadId}/events", { path: { threadId } }), {
            headers: { ...credentials, accept: "text/event-stream", "last-event-id": String(last) },
            signal: signal ?? null,
          });
          if (!response.ok || response.body === null) throw await problemIn(response);
          for await (const { event, data } of messagesIn(response.body)) {
            if (event === "partial") {
              onPartial?.(parseJson(data));
              continue;
            }
            const stored = parseJson<ThreadEvent>(data);
            last = stored.seq;
            yield stored;
          }
        } catch (error) {
          if (isAborted(signal)) return;
          if (error instanceof ApiError) {
            if (!passes(error)) throw error;
            wait = (error.retryAfter ?? 1) * 1_000;
          }
        }
        await pause(wait, signal);
      }
    },
  };
}

/**
 * Whether a refusal has nothing to do with the request: the server is busy or restarting, or a proxy cannot reach it.
 */
function passes({ status }: ApiError): boolean {
  return status === 429 || status >= 500;
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** Whether the answer is JSON meant as data. A file that happens to hold JSON is text. */
function isData({ headers }: Response): boolean {
  const isFile = headers.get("content-disposition")?.startsWith("attachment") === true;
  return !isFile && headers.get("content-type")?.startsWith("application/json") === true;
}

function addressOf(url: string, template: string, { path = {}, query = {} }: AnyRequest): URL {
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(path[name])));
  const address = new URL(url.replace(/\/+$/, "") + filled);
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined) address.searchParams.append(name, String(one));
    }
  }
  return address;
}

async function problemIn(response: Response): Promise<ApiError> {
  const after = response.headers.get("retry-after");
  const problem: unknown = await response.json().catch(() => null);
  return new ApiError(
    response.status,
    typeof problem === "object" && problem !== null ? { ...problem } : {},
    after !== null && /^\d{1,9}$/.test(after) ? Number(after) : undefined,
  );
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
    if (signal?.aborted === true) done();
  });
}
