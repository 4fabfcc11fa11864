import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { serve as listen, type ServerType } from "@hono/node-server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { defineAgent } from "../../src/agent/agent.ts";
import { systemClock } from "../../src/base/clock.ts";
import { mcpServer } from "../../src/protocols/index.ts";
import { mcpRoutes } from "../../src/protocols/mcp/serve-http.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { createServer } from "../../src/server/app.ts";
import { finish, tool } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import { keyFor } from "../server/serve.ts";
import { keepPackages } from "./kept-packages.ts";
import { addFixtures } from "./mcp-fixtures.ts";
import { root } from "./packed.ts";

/** Clients of others, kept in `node_modules` between runs. */
const CLIENTS = {
  "@modelcontextprotocol/conformance": "0.2.0-alpha.12",
  "@modelcontextprotocol/inspector": "2.12.0",
  "@modelcontextprotocol/sdk": "1.32.2",
};
let folder = "";
const bin = (name: string) => join(folder, "node_modules", ".bin", name);
const execute = promisify(execFile);

type Step = { intent: "pay"; amount: number } | { intent: "done"; message: string };
const result = z.object({
  isError: z.boolean().optional(),
  structuredContent: z.object({ status: z.string(), result: z.unknown().optional() }).loose(),
});

/** As far as it is used here: the older line's client has types of its own, which are not installed. */
const olderLine = z.object({
  Client: z.custom<new (info: object) => OldClient>((value) => typeof value === "function"),
});
const olderTransport = z.object({
  StreamableHTTPClientTransport: z.custom<new (url: URL, options: object) => object>(
    (value) => typeof value === "function",
  ),
});
interface OldClient {
  connect(transport: object): Promise<void>;
  listTools(): Promise<{ readonly tools: readonly { readonly name: string }[] }>;
  callTool(call: object): Promise<unknown>;
  close(): Promise<void>;
}

describe("the MCP server, and clients of others", { tags: "E6" }, () => {
  let server: ServerType;
  let url = "";
  let open = "";
  const { key, configured } = keyFor("ada");
  const script: readonly Step[] = Array.from({ length: 40 }, (_, at) =>
    at === 0 ? { intent: "pay", amount: 1 } : { intent: "done", message: "ok" },
  );
  const agent = defineAgent(scriptedSteps<Step>(script), {
    name: "payer",
    steps: {
      pay: tool(() => "paid", { approval: "always" }),
      done: finish(({ message }) => message),
    },
  });
  const runtime = createRuntime({ agents: [agent], store: createMemoryStore() });

  beforeAll(async () => {
    folder = keepPackages("mcp", CLIENTS);
    // As `mcpServer` serves the agents, and with what the suite calls by name.
    const served = { runtime, waitMs: 25_000, clock: systemClock, version: "1" };
    const states = new Set<string>();
    const withFixtures = mcpRoutes(
      served,
      () => import("@modelcontextprotocol/server"),
      (mcp) => addFixtures(mcp, states),
    );
    const routes = withFixtures.routes.map((route) => ({ ...route, path: "/suite" }));
    const suite = { name: "suite", routes };
    const { app } = createServer({
      runtime,
      auth: { kind: "keys", keys: [configured] },
      protocols: [mcpServer({ runtime }), suite],
      limits: { requestsPerSecond: 10_000, burst: 10_000 },
      log: { info() {}, warn() {}, error() {} },
    });
    // The suite sends no key: what comes to this address has one.
    const fetch = (request: Request) => {
      const { pathname } = new URL(request.url);
      if (pathname !== "/open") return app.fetch(request);
      const headers = new Headers(request.headers);
      headers.set("authorization", `Bearer ${key}`);
      return app.fetch(new Request(new Request(new URL("/suite", request.url), request), { headers }));
    };
    const port = await new Promise<number>((resolve) => {
      server = listen({ fetch, port: 0, hostname: "127.0.0.1" }, (info) => resolve(info.port));
    });
    url = `http://127.0.0.1:${port}/mcp`;
    open = `http://127.0.0.1:${port}/open`;
  });

  afterAll(async () => {
    server.close();
    await runtime.stop();
  });

  const inspect = async (...args: string[]) => {
    const header = ["--header", `Authorization: Bearer ${key}`];
    const { stdout } = await execute(bin("mcp-inspector"), [
      "--cli",
      url,
      "--transport",
      "http",
      ...header,
      ...args,
    ]);
    return JSON.parse(stdout);
  };

  it("the inspector lists the tools and calls one, in the new era and the old", async () => {
    const call = ["--method", "tools/call", "--tool-name", "payer", "--tool-arg", "message=go"];
    const waiting = result.parse(await inspect("--protocol-era", "modern", ...call));
    expect(waiting.structuredContent.status).toBe("awaiting_approval");
    for (const era of [["--protocol-era", "modern"], []]) {
      expect(JSON.stringify(await inspect(...era, "--method", "tools/list"))).toContain("thread_status");
      expect(result.parse(await inspect(...era, ...call)).structuredContent).toMatchObject({
        status: "finished",
        result: "ok",
      });
    }
  });

  it("a client of the older line launches and looks", async () => {
    const require = createRequire(join(folder, "package.json"));
    const { Client } = olderLine.parse(
      await import(require.resolve("@modelcontextprotocol/sdk/client/index.js")),
    );
    const path = require.resolve("@modelcontextprotocol/sdk/client/streamableHttp.js");
    const { StreamableHTTPClientTransport } = olderTransport.parse(await import(path));
    const client = new Client({ name: "old", version: "1" });
    const headers = { authorization: `Bearer ${key}` };
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain("payer");
    const answer = result.parse(await client.callTool({ name: "payer", arguments: { message: "go" } }));
    expect(answer.structuredContent).toMatchObject({ status: "finished", result: "ok" });
    await client.close();
  });

  it("the conformance suite of 2026-07-28 finds nothing but what is listed, with reasons", async () => {
    const expected = join(root, "test", "package", "mcp-conformance.yml");
    const args = ["server", "--url", open, "--requirements", "2026-07-28", "--expected-failures", expected];
    const done = await execute(bin("conformance"), args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 }).catch(
      (error: { readonly stdout?: string }) => ({ stdout: `failed: ${error.stdout}` }),
    );
    const stdout = String(done.stdout);
    expect(stdout).not.toMatch(/^failed/);
    expect(stdout).toMatch(/tools-list: [1-9]\d* passed, 0 failed/);
    expect(stdout).toMatch(/server-stateless: [1-9]\d* passed, 0 failed/);
    expect(stdout).toMatch(/input-required-result-multi-round: [1-9]\d* passed, 0 failed/);
    expect(stdout).toMatch(/http-header-validation: [1-9]\d* passed, 0 failed/);
  });
});
