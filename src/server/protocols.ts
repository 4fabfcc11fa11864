import type { Context } from "hono";
import { Hono } from "hono";
import { parseExactJson } from "../base/json-numbers.ts";
import type { Protocol, ProtocolCaller } from "../protocols/protocol.ts";
import { hasScope } from "./auth.ts";
import { requireModestJson } from "./body-size.ts";
import type { ServerEnv } from "./env.ts";
import { RequestError } from "./errors.ts";
import type { ServerLimits } from "./limits.ts";

/** The routes of a protocol, for callers whom the server has verified, within its limits. */
export function protocolRoutes({ routes }: Protocol, limits: ServerLimits): Hono<ServerEnv> {
  const app = new Hono<ServerEnv>();
  for (const { method, path, handle } of routes) {
    app.on(method, path, async (c) =>
      handle({
        request: c.req.raw,
        body: await bodyOf(c, limits),
        params: c.req.param(),
        caller: callerOf(c),
      }),
    );
  }
  return app;
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
