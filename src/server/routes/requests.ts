import { createRoute, z } from "@hono/zod-openapi";
import { NotFoundError } from "../../base/errors.ts";
import type { ThreadId } from "../../base/ids.ts";
import { type HumanRequest, requestOf } from "../../humans/request.ts";
import { isCorrupt } from "../../runtime/damaged.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { HumanDecision } from "../../thread/events.ts";
import { requireScope } from "../auth.ts";
import { apiApp, json, jsonBody, problems, type RouteDeps, requestIdIn } from "../deps.ts";
import { RequestError } from "../errors.ts";
import { acceptedSchema, type decisionSchema, requestSchema, responseBodySchema } from "../schemas.ts";
import { readShown, shownRequest } from "../shown.ts";
import { acceptedView, requestView } from "../views.ts";

const list = createRoute({
  method: "get",
  path: "/requests",
  summary: "What waits for a person, the latest first",
  middleware: [requireScope("read", "respond")],
  request: {
    query: z.object({
      agent: z.string().optional(),
      urgency: z.enum(["low", "medium", "high"]).optional(),
      limit: z.coerce.number().int().min(1).max(200).optional().openapi({ description: "Default 50" }),
      cursor: z.string().max(1000).optional(),
    }),
  },
  responses: {
    200: json(z.object({ requests: z.array(requestSchema), next: z.string().nullable() }), "A page"),
    ...problems(400, 401, 403, 422, 429),
  },
});

const requestParams = z.object({ requestId: z.string() });

const show = createRoute({
  method: "get",
  path: "/requests/{requestId}",
  summary: "A request that waits for a person",
  middleware: [requireScope("read", "respond")],
  request: { params: requestParams },
  responses: { 200: json(requestSchema, "The request"), ...problems(400, 401, 403, 404, 409) },
});

const respond = createRoute({
  method: "post",
  path: "/requests/{requestId}/response",
  summary: "Decide or answer. Answers at once; the thread goes on.",
  description: "An approval names the version of the card it is about: send back its `digest`.",
  middleware: [requireScope("respond")],
  request: { params: requestParams, body: jsonBody(responseBodySchema) },
  responses: {
    202: json(acceptedSchema, "It is on disk and the thread goes on"),
    ...problems(400, 401, 403, 404, 409, 410, 413, 422, 429),
  },
});

/** What waits for people, and their answers. */
export function requestRoutes({ runtime }: RouteDeps) {
  return apiApp()
    .openapi(list, async (c) => {
      const { agent, urgency, limit = 50, cursor } = c.req.valid("query");
      const page = await runtime.list({
        pending: true,
        limit,
        agent,
        cursor,
      });
      const shown = await Promise.all(page.threads.map(({ threadId }) => readListed(runtime, threadId)));
      const requests = shown
        .filter((request) => request !== null)
        .filter((request) => urgency === undefined || request.urgency === urgency)
        .map((request) => requestView(request, c.get("principal"), runtime.people));
      return c.json({ requests, next: page.next }, 200);
    })
    .openapi(show, async (c) => {
      const { requestId } = requestIdIn(c.req.valid("param").requestId);
      const { threadId } = await runtime.request(requestId);
      const request = requestOf(await readShown(runtime, threadId), requestId);
      return c.json(requestView(request, c.get("principal"), runtime.people), 200);
    })
    .openapi(respond, async (c) => {
      const { requestId } = requestIdIn(c.req.valid("param").requestId);
      const { decision, digest } = c.req.valid("json");
      const thread = await runtime.respond(
        requestId,
        { decision: decisionIn(decision), digest: digest ?? null },
        c.get("principal"),
      );
      return c.json(acceptedView(thread), 202);
    });
}

/** `null` for a thread that was deleted meanwhile, or cannot be read: one such thread hides no other's request. */
async function readListed(runtime: Runtime, id: ThreadId): Promise<HumanRequest | null> {
  try {
    return await shownRequest(runtime, { id, state: await runtime.store.state(id) });
  } catch (error) {
    if (NotFoundError.isInstance(error) || isCorrupt(error)) return null;
    throw error;
  }
}

function decisionIn(decision: z.infer<typeof decisionSchema>): HumanDecision {
  if (decision.kind !== "approved" || decision.editedStep === undefined) {
    return decision.kind === "approved" ? { kind: "approved" } : decision;
  }
  const { intent } = decision.editedStep;
  if (typeof intent === "string") {
    return { kind: "approved", editedStep: { ...decision.editedStep, intent } };
  }
  throw new RequestError(422, "decision.editedStep: send the whole step, with its intent");
}
