import type { Client } from "@modelcontextprotocol/client";
import type { AnyStep } from "../../agent/agent.ts";
import { type Check, check, fields, list, oneOfKinds, optional, record, text } from "../../base/checks.ts";
import { LONGEST_TIMER_MS } from "../../base/deadlines.ts";
import { UsageError } from "../../base/errors.ts";
import { atOnce } from "../../base/hooks.ts";
import { isJsonObject, toJson } from "../../base/json.ts";
import { withPackages } from "../../base/missing-package.ts";
import { address, callback, checkOptions, durationMs, nonEmptyName } from "../../base/options.ts";
import type { ToolTypes } from "../../prompts/baml/tool-types.ts";
import type { PromptFunction } from "../../prompts/prompt-function.ts";
import type { Approval, Credential, ToolStep } from "../../steps/definitions.ts";
import type { Thread } from "../../thread/thread.ts";
import { Remote } from "./remote.ts";
import type { RemoteTool } from "./remote-tools.ts";
import { withoutPatterns } from "./safe-schema.ts";

export type { RemoteTool };

/** How a server is reached: at an address, or as a program that is started and spoken to over its input and output. */
export type McpPlace =
  | {
      readonly url: string;
      /** Sent with each request: credentials of the service itself, for one. */
      readonly headers?: Readonly<Record<string, string>>;
      /**
       * Sent with a call as well: the credentials of the person for whom it runs, which `credentials` names and the configuration
       * resolves. Each call, and with `forThread` each listing, then has a connection of its own. Must not throw.
       */
      readonly headersFor?: (credential: Credential) => Readonly<Record<string, string>>;
      /** Default: the platform's. */
      readonly fetch?: (input: string | URL, init?: RequestInit) => Promise<Response>;
    }
  | {
      readonly command: string;
      readonly args?: readonly string[];
      readonly env?: Readonly<Record<string, string>>;
    };

export interface McpToolsOptions {
  /** Names the server: in titles, and as the source of what its tools return. */
  readonly name: string;
  readonly server: McpPlace;
  /** The prompt's dynamic class for these tools: it has a literal `intent` and `@@dynamic`. */
  readonly className: string;
  /** Makes the generated `TypeBuilder`: `() => new TypeBuilder()`. */
  readonly types: () => ToolTypes;
  /** Only these tools. Default: all that the server has. */
  readonly only?: readonly string[] | undefined;
  /**
   * Which of the tools join the union of a thread, so that not all threads have the same. Asked before the model is first asked,
   * and again when somebody else has written to the thread (`thread.state.requester`) or a tool has changed. Default: all of
   * them, in all threads.
   */
  readonly forThread?: ((thread: Thread, tools: readonly RemoteTool[]) => readonly RemoteTool[]) | undefined;
  /** The names of the credentials that a call needs, for `headersFor`. Default: none. */
  readonly credentials?: readonly string[] | undefined;
  /** Who must approve a call. Default: `never` for a tool that says it only reads; `always` for all others. Not asked about a tool that has changed. */
  readonly approval?: ((tool: RemoteTool) => Approval) | undefined;
  /**
   * The digests of tools that have been looked at (`tools.digests`): these may be called although they were described differently
   * when they were first seen, and one that is described in yet another way always needs approval.
   */
  readonly pinned?: Readonly<Record<string, string>> | undefined;
  /** How long, in ms, to wait for the server. Default 60000. */
  readonly timeoutMs?: number | undefined;
}

/** The tools of one server, for one agent or several. */
export interface McpTools {
  /** What the model may call now. */
  readonly tools: readonly RemoteTool[];
  /** Why others are left out, by name. */
  readonly leftOut: ReadonlyMap<string, string>;
  /** Of each tool, for `pinned`. */
  readonly digests: Readonly<Record<string, string>>;
  /** The prompt function with these tools in its union. */
  extend<Args extends readonly unknown[], Result, Partial>(
    fn: PromptFunction<Args, Result, Partial>,
  ): PromptFunction<Args, Result, Partial>;
  /** What the agent does about the dynamic class's intent. */
  step<S extends AnyStep>(): ToolStep<S>;
  /** Asks the server for its tools again. That also happens when the server says that they have changed, and before each call. */
  refresh(): Promise<void>;
  /** Ends the connection. Commands of `twelvefold` do that themselves when they end. */
  close(): Promise<void>;
}

const someText: Check = text();
const APPROVALS = check((value) =>
  typeof value === "function" ? undefined : "must be a function of the tool",
);
const OPTIONS = fields({
  name: nonEmptyName,
  server: oneOfKinds(
    "must be { url } or { command }",
    fields({
      url: address,
      headers: optional(record(someText)),
      headersFor: optional(callback),
      fetch: optional(callback),
    }),
    fields({ command: someText, args: optional(list(text(0))), env: optional(record(text(0))) }),
  ),
  className: nonEmptyName,
  types: callback,
  only: optional(list(nonEmptyName)),
  forThread: optional(callback),
  credentials: optional(list(nonEmptyName)),
  approval: optional(APPROVALS),
  pinned: optional(record(someText)),
  timeoutMs: optional(durationMs),
});

/** Optional peers that a client of MCP needs. */
const CLIENT_NEEDS = ["@modelcontextprotocol/client"] as const;

/**
 * Connects to a server of MCP; its tools become part of an agent's union. What the server says is untrusted: arguments are checked
 * with its own schema before they are sent, results are labelled as content from outside, and whatever does not say that it
 * only reads needs approval. Needs the package `@modelcontextprotocol/client`. Throws `UsageError` for options that could not work,
 * and the client's error if the server cannot be reached.
 *
 * @example
 * const github = await connectMcp({ name: "github", server: { url }, className: "GithubTools", types: () => new TypeBuilder() });
 * const agent = defineAgent(github.extend(promptFunction(b, "DetermineNextStep", { bamlFiles: getBamlFiles })), {
 *   name: "maintainer",
 *   steps: { github: github.step(), done_for_now: finish(({ message }) => message) },
 * });
 */
export async function connectMcp(options: McpToolsOptions): Promise<McpTools> {
  checkOptions("connectMcp", OPTIONS, options);
  const { server, credentials = [] } = options;
  const timeoutMs = Math.min(options.timeoutMs ?? 60_000, LONGEST_TIMER_MS);
  const headersFor = "url" in server ? server.headersFor : undefined;
  if ((headersFor === undefined) !== (credentials.length === 0))
    throw new UsageError(
      "invalid_configuration",
      "connectMcp: `credentials` names what `server.headersFor` takes: give both, or neither",
    );
  const sdk = await withPackages(
    "a client of MCP",
    CLIENT_NEEDS,
    () => import("@modelcontextprotocol/client"),
  );
  const { AjvJsonSchemaValidator } = await import("@modelcontextprotocol/client/validators/ajv");
  const ajv = new AjvJsonSchemaValidator();
  const connect = async (headers?: Readonly<Record<string, string>>): Promise<Client> => {
    const client = new sdk.Client(
      { name: "twelvefold", version: "1" },
      {
        versionNegotiation: { mode: "auto" },
        // Nobody sits here whom the server could ask.
        capabilities: {},
        // Results are checked with schemas of the server's as well.
        jsonSchemaValidator: {
          getValidator: (schema) => {
            const json = toJson(schema);
            return ajv.getValidator(isJsonObject(json) ? { ...withoutPatterns(json) } : {});
          },
        },
      },
    );
    await client.connect(await transportOf(sdk, server, headers), { timeout: timeoutMs });
    return client;
  };
  const client = await connect();
  const remote = new Remote(
    {
      client,
      connectAs:
        headersFor === undefined
          ? undefined
          : (credential) => connect(atOnce("`headersFor`", headersFor(credential))),
      compile: (schema) => sdk.fromJsonSchema({ ...withoutPatterns(schema) }),
    },
    { ...options, timeoutMs },
  );
  client.setNotificationHandler("notifications/tools/list_changed", () => {
    remote.refresh().catch(() => {});
  });
  try {
    await remote.refresh();
  } catch (error) {
    await remote.close();
    throw error;
  }
  return remote;
}

async function transportOf(
  sdk: typeof import("@modelcontextprotocol/client"),
  place: McpPlace,
  more: Readonly<Record<string, string>> = {},
) {
  if ("url" in place) {
    const { url, headers = {}, fetch } = place;
    const sent = new Headers(headers);
    for (const [name, value] of Object.entries(more)) sent.set(name, value);
    return new sdk.StreamableHTTPClientTransport(new URL(url), {
      requestInit: { headers: Object.fromEntries(sent) },
      ...(fetch === undefined ? {} : { fetch }),
    });
  }
  const { StdioClientTransport } = await import("@modelcontextprotocol/client/stdio");
  const { command, args = [], env = {} } = place;
  return new StdioClientTransport({ command, args: [...args], env: { ...env }, stderr: "ignore" });
}
