import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { Json } from "../../../src/base/json.ts";
import type { Said, WireBodies } from "./wire-bodies.ts";

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Json;
  readonly text: string;
  /** The client's port: the same for the same connection. */
  readonly port: number | undefined;
  /** Resolves when the client has closed the connection or the answer is complete. */
  readonly closed: Promise<void>;
}

/** What the server does with one request. */
export type Behaviour =
  | Said
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: Json | string;
    }
  /** Accepts and says nothing: before the head, after it, or after half of the body. */
  | { readonly hang: "head" | "body" | "middle" }
  /** Destroys the connection: before the head, or after half of the body. */
  | { readonly reset: "head" | "middle" }
  /** Says it byte by byte, so many ms apart. */
  | { readonly drip: string; readonly everyMs: number }
  /** Ends a stream properly, but before its end. */
  | { readonly cutStream: Said }
  /** A stream of these events, which then ends, stays open or breaks. */
  | { readonly events: readonly string[]; readonly atEnd?: "hang" | "reset" }
  /** Raw bytes as the body. */
  | {
      readonly bytes: Uint8Array | readonly Uint8Array[];
      readonly type?: string;
      readonly headers?: Readonly<Record<string, string>>;
      /** After the bytes: the end (default), or nothing. */
      readonly atEnd?: "hang";
    };

export interface ProviderServer {
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  readonly requests: readonly ReceivedRequest[];
  /** The next requests get these answers, one each. A request without one gets status 418, which is final. */
  will(...behaviours: Behaviour[]): void;
  /** Takes back what is still planned, and says how much that was: a test that leaves something has not asked for it. */
  takeBack(): number;
  close(): Promise<void>;
}

/** A local server on a free port that answers in one wire format, streamed where the request asks for it. */
export async function providerServer(bodies: WireBodies): Promise<ProviderServer> {
  const requests: ReceivedRequest[] = [];
  const planned: Behaviour[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const path = request.url ?? "";
      requests.push({
        method: request.method ?? "",
        path,
        headers: request.headers,
        body: JSON.parse(text),
        text,
        port: request.socket.remotePort,
        closed: new Promise((resolve) => response.on("close", () => resolve())),
      });
      const streamed = /"stream":true/.test(text) || path.includes(":streamGenerateContent");
      const behaviour = planned.shift() ?? {
        status: 418,
        body: { error: { message: "nothing is planned" } },
      };
      const usage = text.includes('"stream_options":{"include_usage":true}');
      behave(response, behaviour, bodies, streamed, usage);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    will: (...behaviours) => {
      planned.push(...behaviours);
    },
    takeBack: () => planned.splice(0).length,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function behave(
  response: ServerResponse,
  behaviour: Behaviour,
  bodies: WireBodies,
  streamed: boolean,
  usage: boolean,
): void {
  const json = { "content-type": "application/json" };
  const events = { "content-type": "text/event-stream" };
  if ("text" in behaviour) {
    if (streamed) writeEvents(response, bodies.events(behaviour, usage));
    else response.writeHead(200, json).end(JSON.stringify(bodies.whole(behaviour)));
  } else if ("status" in behaviour) {
    const { status, headers = json, body = { error: { message: `status ${status}` } } } = behaviour;
    response.writeHead(status, headers).end(typeof body === "string" ? body : JSON.stringify(body));
  } else if ("hang" in behaviour) {
    if (behaviour.hang === "head") return;
    response.writeHead(200, { ...(streamed ? events : json), "transfer-encoding": "chunked" });
    response.flushHeaders();
    if (behaviour.hang === "middle") response.write(streamed ? "data: {}\n\n" : '{"choices":');
  } else if ("reset" in behaviour) {
    if (behaviour.reset === "head") response.socket?.resetAndDestroy();
    else {
      response.writeHead(200, { ...(streamed ? events : json), "content-length": "1000" });
      response.write(streamed ? "data: {}\n\n" : '{"choices":', () => response.socket?.resetAndDestroy());
    }
  } else if ("drip" in behaviour) {
    response.writeHead(200, json);
    let at = 0;
    const timer = setInterval(
      () => response.write(behaviour.drip[at++ % behaviour.drip.length]),
      behaviour.everyMs,
    );
    response.on("close", () => clearInterval(timer));
  } else if ("cutStream" in behaviour) {
    const all = bodies.events(behaviour.cutStream, usage);
    writeEvents(response, all.slice(0, Math.ceil(all.length / 2)));
  } else if ("events" in behaviour) {
    writeEvents(response, behaviour.events, behaviour.atEnd);
  } else {
    const { bytes, type = "application/json", headers = {}, atEnd } = behaviour;
    response.writeHead(200, { "content-type": type, ...headers });
    writeParts(response, bytes instanceof Uint8Array ? [bytes] : bytes, atEnd);
  }
}

// One write an event: the client sees them as separate parts, as from a model.
function writeEvents(response: ServerResponse, data: readonly string[], atEnd?: "hang" | "reset"): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  writeParts(
    response,
    data.map((event) => Buffer.from(`data: ${event}\n\n`)),
    atEnd,
  );
}

function writeParts(response: ServerResponse, parts: readonly Uint8Array[], atEnd?: "hang" | "reset"): void {
  const write = (index: number): void => {
    const part = parts[index];
    if (part === undefined && atEnd === "hang") return;
    if (part === undefined && atEnd === "reset") response.socket?.resetAndDestroy();
    else if (part === undefined) response.end();
    else response.write(part, () => setImmediate(write, index + 1));
  };
  write(0);
}
