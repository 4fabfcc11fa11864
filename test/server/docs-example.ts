/* The code of docs/server.md, in its order. `docs.test.ts` runs it and checks that the page shows the same. */

import { createClient } from "../../src/client/index.ts";
import type { Json, RequestId, Runtime } from "../../src/index.ts";
import { isJsonObject, startJob, tool } from "../../src/index.ts";
import { newApiKey, requestLink, serverLog, startServer, webhook } from "../../src/server/index.ts";

export async function serveExample(runtime: Runtime, secret: string, webhookSecret: string) {
  const { key, digest } = newApiKey();
  const server = await startServer({
    runtime,
    port: 0,
    auth: {
      kind: "keys",
      keys: [{ id: "ci", digest, scopes: ["launch", "read", "respond"], principal: { id: "ada" } }],
    },
    webhooks: [orders(webhookSecret)],
    cron: [{ name: "overdue", schedule: "0 9 * * 1-5", timeZone: "Europe/Berlin", agent: "example" }],
    secret,
    log: serverLog({ level: "warn" }),
  });
  return { server, key };
}

function orders(secret: string) {
  return webhook({
    name: "orders",
    secrets: [secret],
    sender: customerOf,
    allow: ["*@example.com"],
    action: ({ payload }) => ({
      launch: { agent: "example", message: `New order: ${JSON.stringify(payload)}` },
    }),
  });
}

export async function clientExample(url: string, key: string) {
  const client = createClient({ url, key });
  const { threadId } = await client.request("POST /threads", {
    body: { agent: "example", message: "divide 12 by 2" },
    idempotencyKey: "order-4711",
  });
  for await (const event of client.watch(threadId)) {
    if (event.type === "approval_requested") break;
  }
  const { request } = await client.request("GET /threads/{threadId}", { path: { threadId } });
  if (request?.approval != null) {
    await client.request("POST /requests/{requestId}/response", {
      path: { requestId: request.requestId },
      body: { decision: { kind: "approved" }, digest: request.approval.digest },
    });
  }
  return threadId;
}

interface Build {
  start(ref: string, callbackUrl: string, idempotencyKey: string): Promise<void>;
}

export function jobExample(build: Build, url: string) {
  const deploy = tool(
    ({ ref }: { intent: "deploy"; ref: string }, { key }) =>
      startJob((token) => build.start(ref, `${url}/jobs/${token}`, key), { timeoutSeconds: 3600 }),
    { idempotent: true },
  );
  return deploy;
}

export function linkExample(secret: string, publicUrl: string, requestId: RequestId, now: number) {
  const link = requestLink({
    secret,
    publicUrl,
    requestId,
    principal: { channel: "email", id: "bob@example.com" },
    expiresAt: now + 24 * 3_600_000,
  });
  return link;
}

function customerOf(payload: Json): string | undefined {
  const customer = isJsonObject(payload) ? payload["customer"] : undefined;
  return typeof customer === "string" ? customer : undefined;
}
