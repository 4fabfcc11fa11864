import type { McpServer } from "@modelcontextprotocol/server";
import type { Protocol } from "../protocol.ts";
import { type AgentServerOptions, createAgentServer, type McpPackage } from "./agent-server.ts";

/**
 * The routes at `/mcp`: a server for each request, in the name of its caller. `extend` may put onto it what is no agent: tools,
 * resources and prompts.
 */
export function mcpRoutes(
  options: AgentServerOptions,
  loadPackage: () => Promise<McpPackage>,
  extend: (server: McpServer) => void = () => {},
): Protocol {
  const handle: Protocol["routes"][number]["handle"] = async ({ request, body, caller }) => {
    const sdk = await loadPackage();
    const { fetch } = sdk.createMcpHandler(() => {
      const server = createAgentServer(sdk, options, caller);
      extend(server);
      return server;
    });
    return fetch(request, body === undefined ? {} : { parsedBody: body });
  };
  const methods = ["get", "post", "delete"] as const;
  return { name: "mcp", routes: methods.map((method) => ({ method, path: "/mcp", handle })) };
}
