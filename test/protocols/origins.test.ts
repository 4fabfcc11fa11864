import { describe, expect, it } from "vitest";
import { agUi, aiSdkUi, mcpServer } from "../../src/protocols/index.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { exampleAgent } from "../runtime/example-agent.ts";
import { afterwards, serve } from "../server/serve.ts";

describe("pages that reach a protocol", { tags: ["E5", "E6"] }, () => {
  const { agent } = exampleAgent([]);
  const bench = (more: object = {}) => {
    const runtime = createRuntime({ agents: [agent], store: createMemoryStore() });
    afterwards(() => runtime.stop());
    const protocols = [agUi({ runtime }), aiSdkUi({ runtime }), mcpServer({ runtime })];
    return serve({ server: { runtime, protocols, ...more } });
  };
  const ROUTES = [
    ["/mcp", { jsonrpc: "2.0", id: 1, method: "tools/list" }],
    ["/ag-ui/nobody", {}],
    ["/ai-sdk/nobody", {}],
    ["/ai-sdk/nobody/chat/stream", undefined],
  ] as const;

  it("are this machine's own or named in the configuration, whatever key they have", async () => {
    const { send } = bench({
      publicUrl: "https://agents.example.com",
      allowedOrigins: ["https://app.example.com"],
    });
    const status = async (route: (typeof ROUTES)[number], origin: string, host: string) => {
      const [path, body] = route;
      const headers = { host, ...(origin === "" ? {} : { origin }) };
      return (await send(path, { ...(body === undefined ? {} : { body }), headers })).status;
    };
    for (const route of ROUTES) {
      const refused = [
        ["https://evil.example", "127.0.0.1:3120"],
        // A name of the attacker's that leads to this machine: origin and host are the same.
        ["http://evil.example:3120", "evil.example:3120"],
        ["http://localhost.evil.example", "localhost:3120"],
        ["http://localhost:3120", "evil.example:3120"],
        ["null", "localhost:3120"],
        ["https://agents.example.com.evil.example", "agents.example.com"],
      ] as const;
      for (const [origin, host] of refused)
        expect([origin, await status(route, origin, host)]).toEqual([origin, 403]);
      const taken = [
        ["", "localhost:3120"],
        ["", "agents.example.com"],
        ["http://localhost:5173", "127.0.0.1:3120"],
        ["http://[::1]:3120", "[::1]:3120"],
        ["https://agents.example.com", "agents.example.com"],
        ["https://app.example.com", "10.0.0.7:3120"],
      ] as const;
      for (const [origin, host] of taken)
        expect([origin, await status(route, origin, host)]).not.toContain(403);
    }
  });

  it("what is named must be an address", () => {
    expect(() => bench({ allowedOrigins: ["*"] })).toThrow(/allowedOrigins/);
  });
});
