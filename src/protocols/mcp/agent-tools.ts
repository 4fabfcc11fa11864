import { z } from "zod";
import type { Agent } from "../../agent/agent.ts";
import { UsageError } from "../../base/errors.ts";
import { A2H_AGENT } from "../a2h/agent-name.ts";

/** A tool that a client sees: an agent, or something to be done with a thread. */
export interface AgentTool {
  readonly name: string;
  readonly description: string;
  /** The agent that it launches; absent: it is about a thread that there is. */
  readonly agent?: string;
  readonly readOnly: boolean;
}

export const STATUS_TOOL = "thread_status";
export const MESSAGE_TOOL = "thread_message";

export const launchInput = z.object({
  message: z.string().min(1).max(1_000_000).describe("What the agent should do, in plain words"),
});
export const statusInput = z.object({ threadId: z.string().max(200).describe("As the launch returned it") });
export const messageInput = statusInput.extend({
  message: z.string().min(1).max(1_000_000).describe("A further message to the agent"),
});

/** What each tool answers. */
export const threadOutput = z.object({
  threadId: z.string(),
  agent: z.string(),
  status: z.string(),
  result: z.unknown().optional(),
  error: z.string().optional(),
  request: z
    .object({ requestId: z.string(), kind: z.string(), text: z.string() })
    .optional()
    .describe("What the thread asks people. Only people answer it"),
});
export type ThreadOutput = z.infer<typeof threadOutput>;

/** The names that MCP's clients take. */
const NAME = /[^A-Za-z0-9_.-]/g;

/** The tools of these agents, and those for threads. Throws `UsageError` if two would have the same name. */
export function agentTools(agents: Iterable<Agent>): readonly AgentTool[] {
  // What programs ask people through A2H is nothing to launch here.
  const launched = Array.from(agents).filter(({ name }) => name !== A2H_AGENT);
  const tools: AgentTool[] = launched.map(({ name, description }) => ({
    name: name.replace(NAME, "_").slice(0, 128),
    description: [
      description || `The agent ${name}.`,
      `It may take minutes and may ask people: then the answer has a threadId; ask ${STATUS_TOOL} about it later.`,
    ].join(" "),
    agent: name,
    readOnly: false,
  }));
  const about = [
    { name: STATUS_TOOL, description: "Where a thread of an agent stands, and its result.", readOnly: true },
    { name: MESSAGE_TOOL, description: "Sends a further message to a thread of an agent.", readOnly: false },
  ];
  const all = [...tools, ...about];
  const twice = all.find(({ name }, index) => all.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined)
    throw new UsageError(
      "invalid_configuration",
      `two MCP tools would be called ${twice.name}: rename the agent`,
    );
  return all;
}
