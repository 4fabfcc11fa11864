import { createRoute, z } from "@hono/zod-openapi";
import { ConflictError, ForbiddenError } from "../../base/errors.ts";
import { toJson } from "../../base/json.ts";
import { parseJsonKeepingDigits } from "../../base/json-numbers.ts";
import { verifyWebhook } from "../../triggers/standard-webhooks.ts";
import { deliver, mayDeliver, type Webhook } from "../../triggers/webhook.ts";
import { requireModestJson } from "../body-size.ts";
import { apiApp, json, jsonBody, problems, type RouteDeps } from "../deps.ts";
import { RequestError, UnauthorizedError } from "../errors.ts";
import { acceptedSchema, jsonSchema } from "../schemas.ts";
import { acceptedView } from "../views.ts";

const jobResult = createRoute({
  method: "post",
  path: "/jobs/{token}",
  summary: "The result of a long-running job. The token is all the permission it needs, and works once.",
  security: [],
  request: {
    params: z.object({ token: z.string() }),
    body: jsonBody(
      z
        .union([
          z.object({ result: jsonSchema }).strict(),
          z.object({ error: z.string().min(1).max(10_000) }).strict(),
        ])
        .openapi("JobOutcome"),
    ),
  },
  responses: {
    202: json(acceptedSchema, "It is on disk and the thread goes on"),
    ...problems(400, 404, 410, 413, 422, 429, 503),
  },
});

const webhookDelivery = createRoute({
  method: "post",
  path: "/webhooks/{channel}",
  summary: "A delivery, signed as Standard Webhooks says. The same delivery again does nothing.",
  security: [],
  request: {
    params: z.object({ channel: z.string() }),
    headers: z.object({
      "webhook-id": z.string().optional(),
      "webhook-timestamp": z.string().optional(),
      "webhook-signature": z.string().optional(),
    }),
  },
  responses: {
    202: json(z.object({ threads: z.array(z.string()) }), "The threads that it started or advanced"),
    ...problems(400, 401, 403, 404, 413, 429),
  },
});

/** What comes in with a proof of its own instead of a caller's credentials: job results and webhooks. */
export function incomingRoutes({ runtime, clock, limits }: RouteDeps, webhooks: readonly Webhook[]) {
  const byName = new Map(webhooks.map((webhook) => [webhook.name, webhook]));
  const app = apiApp();
  // Before anything is read of a body from somebody who has no token.
  app.use("/jobs/:token", async (c, next) => {
    await mayComeLater(runtime.checkJobToken(c.req.param("token")));
    return next();
  });
  return app
    .openapi(jobResult, async (c) => {
      const thread = await mayComeLater(runtime.finishJob(c.req.valid("param").token, c.req.valid("json")));
      return c.json(acceptedView(thread), 202);
    })
    .openapi(webhookDelivery, async (c) => {
      const { channel } = c.req.valid("param");
      const webhook = byName.get(channel);
      if (webhook === undefined) throw new RequestError(404, `there is no webhook ${channel.slice(0, 80)}`);
      const headers = c.req.valid("header");
      const id = headers["webhook-id"];
      const body = new Uint8Array(await c.req.arrayBuffer());
      const problem = verifyWebhook(
        body,
        { id, timestamp: headers["webhook-timestamp"], signature: headers["webhook-signature"] },
        webhook.secrets,
        clock.now(),
      );
      if (problem !== undefined || id === undefined)
        throw new UnauthorizedError(problem ?? "webhook-id is missing");
      const payload = toJson(jsonOf(body, limits.bodyValues));
      const sender = webhook.sender?.(payload);
      if (!mayDeliver(webhook, sender)) throw new ForbiddenError("this sender is not on the list");
      return c.json({ threads: [...(await deliver(runtime, webhook, { id, payload, sender }))] }, 202);
    });
}

/** What is not recorded yet may be sent again. */
async function mayComeLater<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    if (!(error instanceof ConflictError) || error.code !== "conflict") throw error;
    throw new RequestError(503, error.message, { retryAfter: 1 });
  }
}

function jsonOf(body: Uint8Array, maxValues: number): unknown {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    requireModestJson(text, maxValues);
    return parseJsonKeepingDigits(text);
  } catch (error) {
    if (error instanceof RequestError) throw error;
    throw new RequestError(400, "the body is not JSON in UTF-8");
  }
}
