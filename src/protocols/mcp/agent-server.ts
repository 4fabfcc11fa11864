import type {
  CallToolResult,
  InputRequiredResult,
  McpServer,
  ServerContext,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { shownThread } from "../../agent/shown-thread.ts";
import type { Clock } from "../../base/clock.ts";
import { ForbiddenError, NotFoundError, TwelvefoldError, UsageError } from "../../base/errors.ts";
import { parseThreadId, type ThreadId } from "../../base/ids.ts";
import { type HumanRequest, pendingRequest } from "../../humans/request.ts";
import { visible } from "../../present/visible-text.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { Thread } from "../../thread/thread.ts";
import { mayAnswer, type ProtocolCaller, type ProtocolScope, requireMay } from "../protocol.ts";
import { settleWithin } from "../settle.ts";
import {
  type AgentTool,
  agentTools,
  launchInput,
  messageInput,
  STATUS_TOOL,
  statusInput,
  type ThreadOutput,
  threadOutput,
} from "./agent-tools.ts";
import { decisionIn, formOf } from "./ask.ts";
import { keepState, type StatedCall, takeState } from "./states.ts";

export interface AgentServerOptions {
  readonly runtime: Runtime;
  readonly clock: Clock;
  /** How long, in ms, a call waits for the thread before it answers that the thread is still at work. */
  readonly waitMs: number;
  readonly version: string;
}

/** The parts of MCP's package that are needed, so that it is loaded only where it is used. */
export type McpPackage = typeof import("@modelcontextprotocol/server");

const ANSWER = "answer";
const canElicit = z.object({ elicitation: z.object({}).loose() });

/**
 * A server for one caller: each agent is a tool. A call launches a thread and waits for it a while. What the thread asks
 * people becomes `input_required` where this caller may answer it and its client can ask; everybody else finds it in the inbox.
 */
export function createAgentServer(
  sdk: McpPackage,
  options: AgentServerOptions,
  caller: ProtocolCaller,
): McpServer {
  const { runtime } = options;
  const server = new sdk.McpServer(
    { name: "twelvefold", version: options.version },
    {
      // The agents are those that the runtime was made with: nobody need listen for changes.
      capabilities: { tools: { listChanged: false } },
      instructions: `Agents as tools. A call answers with a threadId and a status; ${STATUS_TOOL} tells how it goes on.`,
    },
  );
  const serve = new ToolCalls(sdk, server, options, caller);
  for (const tool of agentTools(runtime.agents.values())) {
    const { name, description, agent, readOnly } = tool;
    const config = {
      description,
      outputSchema: threadOutput,
      annotations: { readOnlyHint: readOnly, openWorldHint: !readOnly },
    };
    if (agent !== undefined) {
      server.registerTool(name, { ...config, inputSchema: launchInput }, (args, ctx) =>
        serve.answer(tool, args, ctx, async () => {
          serve.require("launch");
          const input = { message: args.message, from: caller.principal };
          return (await runtime.launch({ agent, input })).threadId;
        }),
      );
    } else if (readOnly) {
      server.registerTool(name, { ...config, inputSchema: statusInput }, (args, ctx) =>
        serve.answer(tool, args, ctx, async () => threadIdIn(args.threadId)),
      );
    } else {
      server.registerTool(name, { ...config, inputSchema: messageInput }, (args, ctx) =>
        serve.answer(tool, args, ctx, async () => {
          serve.require("launch");
          return (await runtime.message(threadIdIn(args.threadId), args.message, caller.principal)).id;
        }),
      );
    }
  }
  return server;
}

function threadIdIn(text: string): ThreadId {
  const threadId = parseThreadId(text);
  if (threadId === undefined) throw new NotFoundError(`there is no thread ${text.slice(0, 80)}`);
  return threadId;
}

type ToolAnswer = CallToolResult | InputRequiredResult;

/** Serves the calls of one caller. */
class ToolCalls {
  readonly #sdk: McpPackage;
  readonly #server: McpServer;
  readonly #options: AgentServerOptions;
  readonly #caller: ProtocolCaller;

  constructor(sdk: McpPackage, server: McpServer, options: AgentServerOptions, caller: ProtocolCaller) {
    this.#sdk = sdk;
    this.#server = server;
    this.#options = options;
    this.#caller = caller;
  }

  require(scope: ProtocolScope): void {
    requireMay(this.#caller, scope);
  }

  /** Answers a call: `begin` does what the call is for, unless it comes again with what a person has said. */
  async answer(
    tool: AgentTool,
    args: unknown,
    ctx: ServerContext,
    begin: () => Promise<ThreadId>,
  ): Promise<ToolAnswer> {
    const { runtime, waitMs } = this.#options;
    const call = { caller: this.#caller.principal, tool: tool.name, arguments: args };
    try {
      this.require("read");
      const again = ctx.mcpReq.requestState() !== undefined || ctx.mcpReq.inputResponses !== undefined;
      const threadId = again ? await this.#decide(call, ctx) : await begin();
      const thread = await settleWithin(runtime, threadId, waitMs, ctx.mcpReq.signal);
      return await this.#tell(thread, call, ctx);
    } catch (error) {
      // Only what is meant for callers is said; everything else is a fault of this side.
      if (!TwelvefoldError.isInstance(error)) throw new Error("the call failed on this side");
      return { isError: true, content: [{ type: "text", text: error.message }] };
    }
  }

  /** Takes what the client says a person has said. Nothing of it counts but for the request that the store remembers. */
  async #decide(call: StatedCall, ctx: ServerContext): Promise<ThreadId> {
    const { runtime } = this.#options;
    const state: unknown = ctx.mcpReq.requestState();
    const stated = typeof state === "string" ? await takeState(state, call, this.#context()) : undefined;
    if (stated === undefined) {
      throw new UsageError(
        "invalid_argument",
        `what comes with this call belongs to no open question: it was answered before, is too old, or is of another call. Nothing was done; ask ${STATUS_TOOL}`,
      );
    }
    const { requestId, digest } = stated;
    const given = this.#sdk.inputResponse(ctx.mcpReq.inputResponses, ANSWER);
    const request = await runtime.request(requestId);
    if (given.kind === "elicit" && given.action === "accept") {
      if (!mayAnswer(request, this.#caller, runtime))
        throw new ForbiddenError("this caller may not answer this request", { requestId });
      const decision = decisionIn(request, given.content);
      await runtime.respond(requestId, { decision, digest }, this.#caller.principal);
    }
    return request.threadId;
  }

  #context() {
    return { store: this.#options.runtime.store, clock: this.#options.clock };
  }

  async #tell(whole: Thread, call: StatedCall, ctx: ServerContext): Promise<ToolAnswer> {
    const thread = shownThread(whole, this.#options.runtime.agents.get(whole.state.agent));
    const request = pendingRequest(thread);
    // Whoever has just put a question away is not asked it again at once.
    const declined = this.#sdk.inputResponse(ctx.mcpReq.inputResponses, ANSWER);
    const asksAgain = declined.kind !== "elicit" || declined.action === "accept";
    if (request !== null && thread.state.status.kind !== "paused" && asksAgain && this.#canAsk(ctx)) {
      const question = await this.#ask(request, call);
      if (question !== undefined) return question;
    }
    const output = outputOf(thread, request);
    return {
      isError: thread.state.status.kind === "failed",
      content: [{ type: "text", text: textOf(output) }],
      structuredContent: output,
    };
  }

  async #ask(request: HumanRequest, call: StatedCall): Promise<InputRequiredResult | undefined> {
    const form = mayAnswer(request, this.#caller, this.#options.runtime) ? formOf(request) : undefined;
    if (form === undefined) return undefined;
    const { message, fields, required } = form;
    return this.#sdk.inputRequired({
      inputRequests: {
        [ANSWER]: this.#sdk.inputRequired.elicit({
          message,
          requestedSchema: { type: "object", properties: { ...fields }, required: [...required] },
        }),
      },
      requestState: await keepState(request, call, this.#context()),
    });
  }

  /** Whether the client says that it can ask its person. */
  #canAsk(ctx: ServerContext): boolean {
    const { envelope } = ctx.mcpReq;
    const capabilities: unknown =
      envelope === undefined
        ? this.#server.server.getClientCapabilities()
        : Reflect.get(envelope, this.#sdk.CLIENT_CAPABILITIES_META_KEY);
    return canElicit.safeParse(capabilities).success;
  }
}

function outputOf({ id, state }: Thread, request: HumanRequest | null): ThreadOutput {
  const { status, agent } = state;
  return {
    threadId: id,
    agent,
    status: status.kind,
    ...(status.kind === "finished" ? { result: status.result } : {}),
    ...(status.kind === "failed" ? { error: visible(status.error.message) } : {}),
    ...(request === null ? {} : { request: describe(request) }),
  };
}

function describe({ id, kind, asked }: HumanRequest): NonNullable<ThreadOutput["request"]> {
  const text = asked.type === "approval" ? `Approve ${asked.card.intent}?` : asked.question;
  return { requestId: id, kind, text: visible(text) };
}

function textOf({ threadId, status, result, error, request }: ThreadOutput): string {
  if (status === "finished") return typeof result === "string" ? result : JSON.stringify(result);
  if (error !== undefined) return `The agent failed: ${error}`;
  const where = `Thread ${threadId} is ${status.replaceAll("_", " ")}.`;
  if (request === undefined) return `${where} Ask ${STATUS_TOOL} later.`;
  return `${where} It asks people: ${request.text} A person answers that in the inbox (request ${request.requestId}); ask ${STATUS_TOOL} later.`;
}
