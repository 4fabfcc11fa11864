import { createRoute, z } from "@hono/zod-openapi";
import { streamSSE } from "hono/streaming";
import { NotFoundError } from "../../base/errors.ts";
import { requireScope } from "../auth.ts";
import { apiApp, problems, type RouteDeps, threadIdIn } from "../deps.ts";
import { RequestError } from "../errors.ts";
import { eventSchema } from "../schemas.ts";
import { createShownReader } from "../shown.ts";

const events = createRoute({
  method: "get",
  path: "/threads/{threadId}/events",
  summary: "The events of a thread: as JSON, or, with `Accept: text/event-stream`, as they come",
  description:
    "A stream sends each event as a message whose id is its number, and goes on after the number in `Last-Event-ID`. " +
    "Model output that is still being written comes as `partial` messages without an id: show it, never act on it.",
  middleware: [requireScope("read")],
  request: {
    params: z.object({ threadId: z.string() }),
    query: z.object({
      after: z.coerce
        .number()
        .int()
        .min(0)
        .optional()
        .openapi({ type: "integer", description: "Only later events" }),
      limit: z.coerce.number().int().min(1).max(10_000).optional().openapi({ description: "Default 1000" }),
    }),
  },
  responses: {
    200: {
      description: "The events",
      content: {
        "application/json": {
          schema: z.object({
            events: z.array(eventSchema),
            /** Ask again with `after` set to this; `null`: that was all. */
            next: z.number().int().nullable(),
          }),
        },
      },
    },
    ...problems(400, 401, 403, 404, 422, 503),
  },
});

/** A thread's events, as a page or as a stream. */
export function eventRoutes({ runtime, streams, limits }: RouteDeps) {
  const app = apiApp();
  app.use("/threads/:threadId/events", async (c, next) => {
    const wantsStream = /\btext\/event-stream\b/i.test(c.req.header("accept") ?? "");
    if (c.req.method !== "GET" || !wantsStream) return next();
    await requireScope("read")(c, async () => {});
    const threadId = threadIdIn(c.req.param("threadId"));
    const after = resumeAt(c.req.header("last-event-id") ?? c.req.query("after"));
    if ((await runtime.store.summary(threadId)) === undefined) {
      throw new NotFoundError(`there is no thread ${threadId}`, { threadId });
    }
    if (streams.open >= limits.streams) {
      throw new RequestError(503, `${limits.streams} event streams are open: no more are taken`, {
        retryAfter: 5,
      });
    }
    c.header("cache-control", "no-store");
    // Proxies that collect output before they pass it on would hold the events back.
    c.header("x-accel-buffering", "no");
    const stillValid = c.get("stillValid");
    return streamSSE(c, (stream) => streams.send(threadId, { after, stillValid }, stream));
  });
  return app.openapi(events, async (c) => {
    const threadId = threadIdIn(c.req.valid("param").threadId);
    const { after = 0, limit = 1000 } = c.req.valid("query");
    const all = await createShownReader(runtime, threadId).read(after);
    const page = all.slice(0, limit);
    const next = all.length > page.length ? (page.at(-1)?.seq ?? null) : null;
    return c.json({ events: page, next }, 200);
  });
}

function resumeAt(text: string | undefined): number {
  if (text === undefined || text === "") return 0;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new RequestError(
    400,
    `Last-Event-ID is the number of the last event you have, not ${text.slice(0, 40)}`,
  );
}
