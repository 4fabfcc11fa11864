// What `import … from "twelvefold/protocols"` gives: protocols of the field, spoken over the same threads and requests.
export { a2h } from "./a2h/a2h.ts";
export { type A2hAgentOptions, a2hAgent } from "./a2h/agent.ts";
export { agUi } from "./ag-ui.ts";
export { aiSdkUi } from "./ai-sdk-ui.ts";
export {
  connectMcp,
  type McpPlace,
  type McpTools,
  type McpToolsOptions,
  type RemoteTool,
} from "./mcp/client.ts";
export { type McpServerOptions, mcpServer } from "./mcp/index.ts";
export type { Protocol, ProtocolCaller, ProtocolRequest, ProtocolScope } from "./protocol.ts";
