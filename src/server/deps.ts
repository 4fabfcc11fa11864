import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Clock } from "../base/clock.ts";
import { HTTP_TITLE, NotFoundError } from "../base/errors.ts";
import { parseRequestId, parseThreadId, type RequestId, requestIdOf, type ThreadId } from "../base/ids.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { RequestError } from "./errors.ts";
import type { EventStreams } from "./event-stream.ts";
import type { OnceEnv } from "./idempotency.ts";
import type { ServerLimits } from "./limits.ts";
import { problemSchema } from "./problem.ts";

/** What the routes need. */
export interface RouteDeps {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly streams: EventStreams;
  readonly limits: ServerLimits;
}

/** An app that checks bodies and queries and answers invalid ones with a list of the wrong fields. */
export function apiApp(): OpenAPIHono<OnceEnv> {
  return new OpenAPIHono<OnceEnv>({
    defaultHook: (result) => {
      if (result.success) return;
      const errors = result.error.issues.map(({ path, message }) => ({ path: path.join("."), message }));
      const what = errors.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
      throw new RequestError(422, what.join("; "), { details: { in: result.target, errors } });
    },
  });
}

export function json<S>(schema: S, description: string) {
  return { content: { "application/json": { schema } }, description };
}

export function jsonBody<S>(schema: S) {
  return { content: { "application/json": { schema } }, required: true };
}

type Problems = keyof typeof HTTP_TITLE;

/** The problem documents that a route may answer with. */
export function problems<S extends Problems>(...statuses: readonly S[]) {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      { content: { "application/problem+json": { schema: problemSchema } }, description: HTTP_TITLE[status] },
    ]),
  );
}

export function threadIdIn(text: string): ThreadId {
  const id = parseThreadId(text);
  if (id === undefined) throw new NotFoundError(`there is no thread ${text.slice(0, 80)}`);
  return id;
}

export function requestIdIn(text: string): { readonly requestId: RequestId; readonly threadId: ThreadId } {
  const parsed = parseRequestId(text);
  if (parsed === undefined) {
    throw new NotFoundError(
      `there is no request ${text.slice(0, 80)}; a request id is <thread id>.<event number>`,
    );
  }
  return { requestId: requestIdOf(parsed.threadId, parsed.seq), threadId: parsed.threadId };
}

/** The idempotency key of this request as the last argument of a runtime method. */
export function onceOf(c: Context<OnceEnv>): string | undefined {
  return c.get("once");
}
