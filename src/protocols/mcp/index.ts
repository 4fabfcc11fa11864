import { fields, optional } from "../../base/checks.ts";
import { type Clock, systemClock } from "../../base/clock.ts";
import { withPackages } from "../../base/missing-package.ts";
import { checkOptions, durationMs, objectWith } from "../../base/options.ts";
import { matchesPrincipal, type VerifiedPrincipal } from "../../humans/principal.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { Protocol, ProtocolCaller } from "../protocol.ts";
import { type AgentServerOptions, createAgentServer, type McpPackage } from "./agent-server.ts";
import { agentTools } from "./agent-tools.ts";
import { mcpRoutes } from "./serve-http.ts";

export interface McpServerOptions {
  readonly runtime: Runtime;
  /**
   * How long, in ms, a call waits for its thread before it answers that the thread is still at work. Clients give up after a
   * minute or so. Default 25000.
   */
  readonly waitMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

const OPTIONS = fields({
  runtime: objectWith("launch", "respond", "settled"),
  waitMs: optional(durationMs),
  clock: optional(objectWith("now", "sleep")),
});

/** Optional peers that a server of MCP needs. */
export const MCP_NEEDS = ["@modelcontextprotocol/server"] as const;

/**
 * The runtime's agents as tools of MCP, at `/mcp` of the server: of the revision 2026-07-28 and, without questions to people,
 * of the older ones. Needs the package `@modelcontextprotocol/server`. Throws `UsageError` for options that could not work.
 */
export function mcpServer(options: McpServerOptions): Protocol {
  checkOptions("mcpServer", OPTIONS, options);
  // The names must be free whoever calls first.
  agentTools(options.runtime.agents.values());
  return mcpRoutes(complete(options), loadPackage);
}

/**
 * Serves the runtime's agents over standard input and output, until the client closes it. The caller is the program itself, as
 * `mcp:<account>`: it may launch and look, it answers only questions that are put to it by that name, and it approves
 * nothing. Resolves when the connection has ended.
 */
export async function serveMcpStdio(options: McpServerOptions, account: VerifiedPrincipal): Promise<void> {
  checkOptions("serveMcpStdio", OPTIONS, options);
  agentTools(options.runtime.agents.values());
  const sdk = await loadPackage();
  const { serveStdio, StdioServerTransport } = await import("@modelcontextprotocol/server/stdio");
  const ended = Promise.withResolvers<void>();
  const transport = new StdioServerTransport();
  serveStdio(() => createAgentServer(sdk, complete(options), programCaller(account)), { transport });
  process.stdin.once("close", () => ended.resolve());
  process.stdin.once("end", () => ended.resolve());
  await ended.promise;
}

/** A program that nobody has signed in to. */
export function programCaller(account: VerifiedPrincipal): ProtocolCaller {
  return {
    principal: account,
    may: () => true,
    mayAnswer: ({ kind, to }) =>
      kind === "question" &&
      (to ?? []).some((pattern) => pattern.startsWith("mcp:") && matchesPrincipal(pattern, account)),
  };
}

function complete({ runtime, waitMs = 25_000, clock = systemClock }: McpServerOptions): AgentServerOptions {
  return { runtime, waitMs, clock, version: "1" };
}

function loadPackage(): Promise<McpPackage> {
  return withPackages("the MCP server", MCP_NEEDS, () => import("@modelcontextprotocol/server"));
}
