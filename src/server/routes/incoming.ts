import { createRoute, z } from "@hono/zod-openapi";
import { ConflictError } from "../../base/errors.ts";
import { atOnce } from "../../base/hooks.ts";
import { toJson } from "../../base/json.ts";
import { parseJsonKeepingDigits } from "../../base/json-numbers.ts";
import { verifyWebhook, webhookHeaders } from "../../base/standard-webhooks.ts";
import { visibleLine } from "../../present/visible-text.ts";
import { mayDeliver, type Webhook } from "../../triggers/webhook.ts";
import { type Delivered, deliver } from "../../triggers/webhook-action.ts";
import { requireModestJson } from "../body-size.ts";
import { apiApp, json, jsonBody, problems, type RouteDeps } from "../deps.ts";
import { RequestError, UnauthorizedError } from "../errors.ts";
import type { ServerLog } from "../log.ts";
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
      "svix-id": z.string().optional(),
      "svix-timestamp": z.string().optional(),
      "svix-signature": z.string().optional(),
    }),
  },
  responses: {
    202: json(
      z.object({
        threads: z.array(z.string()),
        dropped: z
          .string()
          .optional()
          .openapi({ description: "Why nothing was done about it, nor ever will be" }),
      }),
      "The threads that it started or advanced",
    ),
    ...problems(400, 401, 404, 413, 429),
  },
});

/** What comes in with a proof of its own instead of a caller's credentials: job results and webhooks. */
export function incomingRoutes(
  { runtime, clock, limits }: RouteDeps,
  webhooks: readonly Webhook[],
  log: ServerLog,
) {
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
      const headers = webhookHeaders((name) => c.req.header(name));
      const body = new Uint8Array(await c.req.arrayBuffer());
      const problem = verifyWebhook(body, headers, webhook.secrets, clock.now());
      if (problem !== undefined || headers.id === undefined)
        throw new UnauthorizedError(problem ?? "the delivery has no id");
      const payload = toJson(jsonOf(body, limits.bodyValues));
      const sender = atOnce(`webhook ${channel}: \`sender\``, webhook.sender?.(payload));
      const delivery = { id: headers.id, payload, sender };
      // An error would have the sender try again, and give this webhook up in the end.
      const { threads, dropped }: Delivered = mayDeliver(webhook, sender)
        ? await deliver(runtime, webhook, delivery)
        : { threads: [], dropped: "this sender is not on the list" };
      if (dropped !== undefined) {
        const from = sender === undefined ? undefined : visibleLine(sender);
        log.warn(
          { webhook: channel, delivery: headers.id, sender: from, why: visibleLine(dropped) },
          "webhook dropped",
        );
      }
      return c.json({ threads: [...threads], dropped }, 202);
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
