import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { requestIdOf } from "../../src/base/ids.ts";
import { bareCode, missingImports } from "../docs/shown-code.ts";
import { clientExample, jobExample, linkExample, serveExample } from "./docs-example.ts";
import { afterwards, serve } from "./serve.ts";

const page = await readFile(join(import.meta.dirname, "..", "..", "docs", "server.md"), "utf8");

describe("docs/server.md", () => {
  it("its code imports what it uses", { tags: "E7" }, () => {
    expect(missingImports(page, "test/server/docs-example.ts")).toEqual([]);
  });

  it("shows the code that is tested here", { tags: "E7" }, async () => {
    const example = bareCode(await readFile(join(import.meta.dirname, "docs-example.ts"), "utf8"));
    const blocks = Array.from(page.matchAll(/```ts\n(.*?)```/gs), ([, code]) => code ?? "");
    expect(blocks.length).toBeGreaterThanOrEqual(5);
    for (const code of blocks) expect(example).toContain(bareCode(code));
  });

  it("its code does what the page says", { tags: ["E7", "F6.8"] }, async () => {
    const { runtime, launch } = serve({
      script: [
        { intent: "divide", a: 12, b: 2 },
        { intent: "done", message: "6" },
        { intent: "ask", message: "which?" },
      ],
    });
    const { server, key } = await serveExample(
      runtime,
      "a-secret-of-more-than-32-characters-really",
      `whsec_${Buffer.from("0123456789abcdef").toString("base64")}`,
    );
    afterwards(() => server.close());
    const threadId = await clientExample(server.url, key);
    await expect
      .poll(async () => (await runtime.list({ search: threadId, status: ["finished"] })).threads.length)
      .toBe(1);
    const { threadId: other, thread } = await launch();
    const requestId = requestIdOf(other, thread.state.request?.seq ?? 0);
    const link = linkExample("a-secret-of-more-than-32-characters-really", server.url, requestId, Date.now());
    const opened = await fetch(link, { redirect: "manual" });
    expect(opened.headers.get("location")).toBe(`/inbox/requests/${requestId}`);
    expect(jobExample({ start: async () => {} }, server.url).kind).toBe("tool");
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
