import type { Context } from "hono";
import { Hono } from "hono";
import { parseExactJson } from "../base/json-numbers.ts";
import type { Protocol, ProtocolCaller } from "../protocols/protocol.ts";
import { hasScope } from "./auth.ts";
import { requireModestJson } from "./body-size.ts";
import type { ServerEnv } from "./env.ts";
import { RequestError } from "./errors.ts";
import type { ServerLimits } from "./limits.ts";
import { requireKnownOrigin } from "./own-site.ts";

/** The routes of a protocol, for callers whom the server has verified, within its limits. */
export function protocolRoutes(
  { routes }: Protocol,
  { limits, origins }: { readonly limits: ServerLimits; readonly origins: readonly string[] },
): Hono<ServerEnv> {
  const app = new Hono<ServerEnv>();
  let open = 0;
  for (const { method, path, handle } of routes) {
    app.on(method, path, async (c) => {
      requireKnownOrigin(c, origins);
      if (open >= limits.streams)
        throw new RequestError(503, `${limits.streams} streams are open: no more are taken`, {
          retryAfter: 5,
        });
      const body = await bodyOf(c, limits);
      const response = await handle({
        request: c.req.raw,
        body,
        params: c.req.param(),
        caller: callerOf(c),
      });
      if (response.body === null || !response.headers.get("content-type")?.startsWith("text/event-stream"))
        return response;
      open += 1;
      const watched = watchEnd(response.body, () => {
        open -= 1;
      });
      return new Response(watched, { status: response.status, headers: response.headers });
    });
  }
  return app;
}

/** The same stream; `ended` is called once, when it has ended or nobody reads it any more. */
function watchEnd(body: ReadableStream<Uint8Array>, ended: () => void): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        ended();
        controller.close();
      } catch (error) {
        ended();
        controller.error(error);
      }
    },
    cancel(reason) {
      ended();
      return reader.cancel(reason);
    },
  });
}

function callerOf(c: Context<ServerEnv>): ProtocolCaller {
  return {
    principal: c.get("principal"),
    may: (scope) => hasScope(c, scope),
    stillValid: c.get("stillValid"),
  };
}

async function bodyOf(c: Context<ServerEnv>, limits: ServerLimits): Promise<unknown> {
  if (c.req.method === "GET") return undefined;
  const text = await c.req.text();
  if (text === "") return undefined;
  requireModestJson(text, limits.bodyValues);
  try {
    return parseExactJson(text);
  } catch (error) {
    throw new RequestError(400, "the body is not JSON", { cause: error });
  }
}
