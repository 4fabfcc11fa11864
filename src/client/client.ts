import { parseJson } from "../base/json.ts";
import type { Operations, ThreadEvent } from "./operations.ts";
import { messagesIn } from "./sse.ts";

export interface ClientOptions {
  /** Where the server is, e.g. `http://127.0.0.1:3120`, with the path it is mounted under, if any. */
  readonly url: string;
  /** An API key. Absent: for a server that needs none, on this machine. */
  readonly key?: string | undefined;
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch;
}

/** A refusal by the server: its problem document, for people (`message`) and programs (`code`, `details`). */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** Seconds after which to try again, where the server says so. */
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

/** What an operation is given: the parts of its path, its query, its body, and settings of this one request. */
export type RequestOf<O extends keyof Operations> = Filled<"path", Operations[O]["path"]> &
  Filled<"query", Operations[O]["query"]> &
  (undefined extends Operations[O]["body"]
    ? { readonly body?: Operations[O]["body"] }
    : { readonly body: Operations[O]["body"] }) & {
    /** The same key with the same request acts once. */
    readonly idempotencyKey?: string;
    readonly signal?: AbortSignal;
  };

export interface WatchOptions {
  /** Only events after this number. */
  readonly after?: number;
  readonly signal?: AbortSignal;
  /** Model output that is still being written. To be shown, never acted on. */
  readonly onPartial?: (partial: unknown) => void;
}

export interface Client {
  /**
   * Sends one request, e.g. `request("POST /threads", { body: { agent, message } })`. Throws `ApiError` for a
   * refusal; network errors as `fetch` throws them.
   */
  request<O extends keyof Operations>(operation: O, request: RequestOf<O>): Promise<Operations[O]["answer"]>;
  /**
   * The events of a thread as they come; a newer server may send types that this version does not know. Connects again after an interruption, also while the server is busy or
   * away, and misses none. Ends when `signal` is aborted; throws `ApiError` for any other refusal.
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

/** A typed client of the HTTP API, on `fetch` alone. */
export function createClient({ url, key, fetch: send = fetch }: ClientOptions): Client {
  const credentials = key === undefined ? {} : { authorization: `Bearer ${key}` };

  const call = async (operation: string, request: AnyRequest): Promise<Response> => {
    const [method = "", template = ""] = operation.split(" ");
    const { body, idempotencyKey, signal } = request;
    const response = await send(addressOf(url, template, request), {
      method,
      headers: {
        ...credentials,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
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

    async *watch(threadId, { after = 0, signal, onPartial } = {}) {
      let last = after;
      while (!isAborted(signal)) {
        let wait = 1_000;
        try {
          const response = await send(addressOf(url, "/threads/{threadId}/events", { path: { threadId } }), {
            headers: { ...credentials, accept: "text/event-stream", "last-event-id": String(last) },
            ...(signal === undefined ? {} : { signal }),
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

/** Refusals that are not about the request: the server is busy, starts again, or a proxy does not reach it. */
function passes({ status }: ApiError): boolean {
  return status === 429 || status >= 500;
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** JSON that is meant as data; a file that happens to hold JSON is text. */
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
