import { createRoute, z } from "@hono/zod-openapi";
import { prune } from "../../runtime/retention.ts";
import { requireScope } from "../auth.ts";
import { apiApp, json, jsonBody, problems, type RouteDeps, threadIdIn } from "../deps.ts";
import { acceptedSchema } from "../schemas.ts";
import { acceptedView } from "../views.ts";

const threadParams = z.object({ threadId: z.string() });

const remove = createRoute({
  method: "delete",
  path: "/threads/{threadId}",
  summary: "Delete for good a thread that has ended, and everything kept about it",
  middleware: [requireScope("admin")],
  request: { params: threadParams },
  responses: {
    200: json(z.object({ deleted: z.literal(true) }), "It is gone"),
    ...problems(400, 401, 403, 404, 409, 429),
  },
});

const erase = createRoute({
  method: "post",
  path: "/threads/{threadId}/erase",
  summary: "Erase for good what was said in a thread that has ended; who did what and when remains",
  middleware: [requireScope("admin")],
  request: {
    params: threadParams,
    body: jsonBody(
      z.object({
        reason: z.string().min(1).max(10_000).openapi({ description: "Why; it is recorded" }),
        seqs: z
          .array(z.number().int().min(2))
          .max(10_000)
          .optional()
          .openapi({ description: "Only these events. Default: all that hold content" }),
      }),
    ),
  },
  responses: { 200: json(acceptedSchema, "It is erased"), ...problems(400, 401, 403, 404, 409, 422, 429) },
});

/** One request removes at most so many threads, so that it is answered soon. */
const AT_ONCE = 500;

const pruneOld = createRoute({
  method: "post",
  path: "/threads/prune",
  summary:
    "Delete or erase old threads that have ended, at most 500 a request; only counts them unless `dry` is false",
  middleware: [requireScope("admin")],
  request: {
    body: jsonBody(
      z.object({
        days: z.number().min(0).max(36_500).openapi({ description: "Days since the latest event" }),
        status: z
          .array(z.enum(["finished", "failed", "cancelled"]))
          .min(1)
          .optional(),
        agent: z.string().min(1).optional(),
        action: z.enum(["delete", "erase"]).optional(),
        dry: z.boolean().optional().openapi({ description: "Default true: nothing is changed" }),
      }),
    ),
  },
  responses: {
    200: json(
      z.object({ dry: z.boolean(), threads: z.number().int(), more: z.boolean() }),
      "How many, and whether there may be more",
    ),
    ...problems(400, 401, 403, 422, 429),
  },
});

/** Delete, erase, prune: for callers with the scope `admin`. */
export function removalRoutes({ runtime, clock }: RouteDeps) {
  return apiApp()
    .openapi(pruneOld, async (c) => {
      const { dry = true, ...rule } = c.req.valid("json");
      const { store } = runtime;
      const by = c.get("principal");
      const threads = await prune(rule, { store, changes: runtime, clock, by, dry, limit: AT_ONCE });
      return c.json({ dry, threads, more: threads === AT_ONCE }, 200);
    })
    .openapi(remove, async (c) => {
      await runtime.delete(threadIdIn(c.req.valid("param").threadId));
      return c.json({ deleted: true } as const, 200);
    })
    .openapi(erase, async (c) => {
      const threadId = threadIdIn(c.req.valid("param").threadId);
      return c.json(
        acceptedView(await runtime.erase(threadId, c.get("principal"), c.req.valid("json"))),
        200,
      );
    });
}
