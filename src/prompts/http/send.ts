import type { ClientRequest, IncomingMessage } from "node:http";
import { LONGEST_TIMER_MS } from "../../base/deadlines.ts";
import { FetchProblem, type ProblemKind } from "./problem.ts";
import type { Timeouts } from "./timeouts.ts";

export interface OutgoingRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The parts of the body as they come. Iterating throws `FetchProblem` if the connection breaks or is too slow. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Sends one request and resolves when the headers of the answer arrive. Does not follow redirects: the key must go to
 * no other host. Connections are kept alive and shared (Node's global agents, which also follow the proxy variables if
 * `NODE_USE_ENV_PROXY=1`). Aborting `signal` closes the socket. Rejects with `FetchProblem`, or with the signal's
 * reason.
 */
export function send(
  outgoing: OutgoingRequest,
  timeouts: Required<Timeouts>,
  signal: AbortSignal | undefined,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const watch = new Watch(timeouts);
    const request = open(outgoing);
    const onAbort = () => request.destroy(asError(signal?.reason));
    const finish = () => {
      watch.stop();
      signal?.removeEventListener("abort", onAbort);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    watch.start(request);
    request.on("error", (error) => {
      finish();
      reject(signal?.aborted ? signal.reason : problemOf(error, request));
    });
    request.on("response", (response) => {
      watch.onAnswer(response);
      response.on("close", finish);
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: bodyOf(response, request, watch, signal),
      });
    });
    request.end(outgoing.body);
  });
}

function open({ url, method, headers, body }: OutgoingRequest): ClientRequest {
  let target: URL;
  try {
    target = new URL(url);
  } catch (cause) {
    throw new FetchProblem("bad_url", "the model client's base URL is not a URL", { cause });
  }
  const options = { method, headers: { ...headers, "content-length": Buffer.byteLength(body) } };
  if (target.protocol !== "http:" && target.protocol !== "https:") {
    throw new FetchProblem("bad_url", `the model client's base URL has the protocol ${target.protocol}`);
  }
  // Not imported statically: importing node:http also loads all of fetch and WebSocket, half of the start-up
  // time.
  return target.protocol === "http:"
    ? process.getBuiltinModule("node:http").request(target, options)
    : process.getBuiltinModule("node:https").request(target, options);
}

async function* bodyOf(
  response: IncomingMessage,
  request: ClientRequest,
  watch: Watch,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response.iterator({ destroyOnReturn: false })) {
      watch.noteBytes();
      yield chunk;
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw error instanceof FetchProblem ? error : problemOf(watch.problem ?? error, request, true);
  } finally {
    if (!response.complete) letGo(response, request);
  }
}

/**
 * After a stream's last event, its end follows at once and the connection can be used again; otherwise it is closed.
 */
function letGo(response: IncomingMessage, request: ClientRequest): void {
  response.resume();
  const timer = setTimeout(() => request.destroy(), LET_GO_MS);
  timer.unref();
  response.once("close", () => clearTimeout(timer));
}

const LET_GO_MS = 250;
/** Runs one timer for the attempt's current phase and one for the whole attempt. */
class Watch {
  problem: FetchProblem | undefined;
  private readonly timeouts: Required<Timeouts>;
  private phase: NodeJS.Timeout | undefined;
  private whole: NodeJS.Timeout | undefined;
  private request: ClientRequest | undefined;
  private firstByteSeen = false;

  constructor(timeouts: Required<Timeouts>) {
    this.timeouts = timeouts;
  }

  start(request: ClientRequest): void {
    this.request = request;
    const { total } = this.timeouts;
    this.whole = setTimeout(
      () => this.fail("the whole answer", total, "too_slow"),
      Math.min(total, LONGEST_TIMER_MS),
    );
    this.enter("a connection", this.timeouts.connect);
    request.on("socket", (socket) => {
      const awaitFirstToken = () => this.enter("the first token", this.timeouts.firstToken);
      if (!socket.connecting) awaitFirstToken();
      else socket.once("encrypted" in socket ? "secureConnect" : "connect", awaitFirstToken);
    });
  }

  onAnswer(response: IncomingMessage): void {
    response.on("error", () => {});
  }

  noteBytes(): void {
    if (this.firstByteSeen) this.phase?.refresh();
    else this.enter("the next part of the answer", this.timeouts.idle);
    this.firstByteSeen = true;
  }

  stop(): void {
    clearTimeout(this.phase);
    clearTimeout(this.whole);
  }

  private enter(awaited: string, ms: number): void {
    clearTimeout(this.phase);
    this.phase = setTimeout(() => this.fail(awaited, ms), Math.min(ms, LONGEST_TIMER_MS));
  }

  private fail(awaited: string, ms: number, kind: ProblemKind = "timeout"): void {
    this.problem = new FetchProblem(kind, `no sign of ${awaited} within ${ms} ms`);
    this.request?.destroy(this.problem);
  }
}

function problemOf(error: unknown, request: ClientRequest, inBody = false): FetchProblem {
  if (error instanceof FetchProblem) return error;
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
  const reset = code === "ECONNRESET" || code === "EPIPE";
  if (inBody)
    return new FetchProblem("reset", "the connection broke in the middle of the answer", { cause: error });
  // The provider may close a kept-alive connection just as it is used again: nothing was processed.
  if (reset && request.reusedSocket) {
    return new FetchProblem("stale_connection", "a kept-alive connection was closed", { cause: error });
  }
  const host = request.getHeader("host");
  const to = typeof host === "string" ? ` to ${host}` : "";
  const message = reset
    ? "the connection was reset"
    : `no connection${to} (${code || asError(error).message})`;
  return new FetchProblem(reset ? "reset" : "no_connection", message, { cause: error });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
