import { createRoute, z } from "@hono/zod-openapi";
import { principalKey } from "../../humans/principal.ts";
import { requireScope } from "../auth.ts";
import { apiApp, json, jsonBody, onceOf, problems, type RouteDeps, threadIdIn } from "../deps.ts";
import { acceptedSchema, namedEventSchema } from "../schemas.ts";
import { acceptedView } from "../views.ts";

const emit = createRoute({
  method: "post",
  path: "/events",
  summary: "A named event, to every thread that waits for it",
  middleware: [requireScope("launch")],
  request: { body: jsonBody(namedEventSchema) },
  responses: {
    202: json(z.object({ threads: z.array(z.string()) }), "The threads that it woke"),
    ...problems(400, 401, 403, 413, 422, 429),
  },
});

const receive = createRoute({
  method: "post",
  path: "/threads/{threadId}/events",
  summary: "A named event, to this thread: to its call that waits for it, or else as new input",
  middleware: [requireScope("launch")],
  request: { params: z.object({ threadId: z.string() }), body: jsonBody(namedEventSchema) },
  responses: {
    202: json(acceptedSchema, "It is on disk and the thread goes on"),
    ...problems(400, 401, 403, 404, 409, 413, 422, 429),
  },
});

export function namedEventRoutes({ runtime }: RouteDeps) {
  return apiApp()
    .openapi(emit, async (c) => {
      const { name, payload = null } = c.req.valid("json");
      const from = c.get("principal");
      const event = { name, source: principalKey(from), payload, from };
      return c.json({ threads: [...(await runtime.emit(event, onceOf(c)))] }, 202);
    })
    .openapi(receive, async (c) => {
      const threadId = threadIdIn(c.req.valid("param").threadId);
      const { name, payload = null } = c.req.valid("json");
      const from = c.get("principal");
      const event = { name, source: principalKey(from), payload, from };
      const thread = await runtime.receive(threadId, event, onceOf(c));
      return c.json(acceptedView(thread), 202);
    });
}
