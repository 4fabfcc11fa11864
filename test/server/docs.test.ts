import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { requestIdOf } from "../../src/base/ids.ts";

import type { StartedServer, Webhook } from "../../src/server/index.ts";
import { DOOR_IMPORTS, declareGlobals, snippetsOf, use } from "../docs/run-snippets.ts";
import { afterwards, serve } from "./serve.ts";

const page = await readFile(join(import.meta.dirname, "..", "..", "docs", "server.md"), "utf8");
const [starting, client, job, hook, linking] = snippetsOf("docs/server.md", DOOR_IMPORTS);
afterEach(() => void vi.unstubAllGlobals());

describe("docs/server.md", () => {
  it("its code does what the page says", { tags: ["E7", "F6.8"] }, async () => {
    const { runtime, launch } = serve({
      script: [
        { intent: "divide", a: 12, b: 2 },
        { intent: "done", message: "6" },
        { intent: "ask", message: "which?" },
      ],
    });
    const secret = "a-secret-of-more-than-32-characters-really";
    declareGlobals({
      runtime,
      secret,
      build: { start: async () => {} },
      webhookSecret: `whsec_${Buffer.from("0123456789abcdef").toString("base64")}`,
    });
    const { orders } = await use<{ orders: Webhook }>(hook);
    expect(orders.sender?.({ customer: "ann@example.com" })).toBe("ann@example.com");
    declareGlobals({ orders });
    const { server, key } = await use<{ server: StartedServer; key: string }>(starting);
    afterwards(() => server.close());
    declareGlobals({ url: server.url, key });
    await use(client);
    const { threadId, thread } = await launch();
    const requestId = requestIdOf(threadId, thread.state.request?.seq ?? 0);
    declareGlobals({ requestId });
    const { link } = await use<{ link: string }>(linking);
    const opened = await fetch(`${server.url}${new URL(link).pathname}`, { redirect: "manual" });
    expect(opened.headers.get("location")).toBe(`/inbox/requests/${requestId}`);
    expect((await use<{ deploy: { kind: string } }>(job)).deploy.kind).toBe("tool");
  });

  it("lists every route and every status with its code", { tags: "F6.10" }, async () => {
    const { call } = serve();
    const { body } = await call("/openapi.json");
    for (const [path, methods] of Object.entries(body.paths)) {
      for (const method of Object.keys(methods ?? {})) {
        expect(page).toContain(`\`${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ":$1")}\``);
      }
    }
  });
});
