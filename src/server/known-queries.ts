import { type OpenAPIHono, z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import type { ServerEnv } from "./env.ts";
import { RequestError } from "./errors.ts";

/**
 * Refuses what a query asks for and the route does not know, naming what it does: a misspelt filter would show everything. For
 * the routes of `app` that are documented, now or later.
 */
export function requireKnownQuery(app: OpenAPIHono<ServerEnv>): MiddlewareHandler {
  let table: ReadonlyMap<string, readonly string[]> | undefined;
  return async (c, next) => {
    const given = new URL(c.req.url).searchParams;
    if (given.size > 0) {
      table ??= queriesOf(app);
      const known = matchedRoutes(c).flatMap(({ path }) => {
        const method = c.req.method === "HEAD" ? "GET" : c.req.method;
        const names = table?.get(`${method} ${path}`);
        return names === undefined ? [] : [names];
      })[0];
      const unknown = [...new Set(given.keys())].filter((name) => known?.includes(name) === false);
      if (unknown.length > 0) throw refusal(unknown, known ?? []);
    }
    return next();
  };
}

/** The names of the parameters in the query, by method and path. */
function queriesOf({ openAPIRegistry }: OpenAPIHono<ServerEnv>): ReadonlyMap<string, readonly string[]> {
  const routes = openAPIRegistry.definitions.flatMap((one) => (one.type === "route" ? [one.route] : []));
  return new Map(
    routes.map(({ method, path, request }) => {
      const query = request?.query;
      const names = query instanceof z.ZodObject ? Object.keys(query.shape) : [];
      return [`${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`, names];
    }),
  );
}

function refusal(unknown: readonly string[], known: readonly string[]): RequestError {
  const names = unknown.map((name) => JSON.stringify(name.slice(0, 80))).join(", ");
  const valid = known.length === 0 ? "this takes none" : `known: ${known.join(", ")}`;
  const message = `unknown in the query: ${names}; ${valid}`;
  return new RequestError(400, message, { details: { in: "query", unknown, known } });
}
