import type { Client, StandardSchemaV1 } from "@modelcontextprotocol/client";
import type { AnyStep } from "../../agent/agent.ts";
import { closeAtEnd } from "../../base/at-end.ts";
import { type Check, check, fields, list, oneOfKinds, optional, record, text } from "../../base/checks.ts";
import { digestOf } from "../../base/digest.ts";
import { UsageError } from "../../base/errors.ts";
import { isJsonObject, type Json, type JsonObject, toJson } from "../../base/json.ts";
import { withPackages } from "../../base/missing-package.ts";
import { address, callback, checkOptions, durationMs, nonEmptyName } from "../../base/options.ts";
import { addTools, type ToolTypes } from "../../prompts/baml/tool-types.ts";
import type { PromptFunction } from "../../prompts/prompt-function.ts";
import { withTypes } from "../../prompts/with-types.ts";
import type { Approval, ToolContext, ToolStep } from "../../steps/definitions.ts";
import { tool } from "../../steps/steps.ts";
import { listTools, type RemoteTool } from "./remote-tools.ts";
import { withoutPatterns } from "./safe-schema.ts";

export type { RemoteTool };

/** How a server is reached: at an address, or as a program that is started and spoken to over its input and output. */
export type McpPlace =
  | {
      readonly url: string;
      /** Sent with each request: credentials, for one. */
      readonly headers?: Readonly<Record<string, string>>;
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
  /** Who must approve a call. Default: `never` for a tool that says it only reads, and is as it was; `always` for all others. */
  readonly approval?: ((tool: RemoteTool) => Approval) | undefined;
  /** The digests of tools that have been looked at (`tools.digests`): one that is described differently always needs approval. */
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
    fields({ url: address, headers: optional(record(someText)), fetch: optional(callback) }),
    fields({ command: someText, args: optional(list(text(0))), env: optional(record(text(0))) }),
  ),
  className: nonEmptyName,
  types: callback,
  only: optional(list(nonEmptyName)),
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
  const sdk = await withPackages(
    "a client of MCP",
    CLIENT_NEEDS,
    () => import("@modelcontextprotocol/client"),
  );
  const { AjvJsonSchemaValidator } = await import("@modelcontextprotocol/client/validators/ajv");
  const ajv = new AjvJsonSchemaValidator();
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
  await client.connect(await transportOf(sdk, options.server), { timeout: options.timeoutMs ?? 60_000 });
  const remote = new Remote(client, (schema) => sdk.fromJsonSchema({ ...withoutPatterns(schema) }), options);
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

async function transportOf(sdk: typeof import("@modelcontextprotocol/client"), place: McpPlace) {
  if ("url" in place) {
    const { url, headers = {}, fetch } = place;
    return new sdk.StreamableHTTPClientTransport(new URL(url), {
      requestInit: { headers: { ...headers } },
      ...(fetch === undefined ? {} : { fetch }),
    });
  }
  const { StdioClientTransport } = await import("@modelcontextprotocol/client/stdio");
  const { command, args = [], env = {} } = place;
  return new StdioClientTransport({ command, args: [...args], env: { ...env }, stderr: "ignore" });
}

interface Known {
  readonly tools: ReadonlyMap<string, RemoteTool>;
  readonly validators: ReadonlyMap<string, StandardSchemaV1>;
  readonly types: ToolTypes;
  readonly leftOut: ReadonlyMap<string, string>;
  readonly version: string;
}

class Remote implements McpTools {
  readonly #client: Client;
  /** Takes it back that the connection is closed when a command ends. */
  readonly #keep: () => void;
  readonly #compile: (schema: JsonObject) => StandardSchemaV1;
  readonly #options: McpToolsOptions;
  #known: Known | undefined;
  /** The digests as the server first gave them. */
  readonly #first = new Map<string, string>();

  constructor(client: Client, compile: (schema: JsonObject) => StandardSchemaV1, options: McpToolsOptions) {
    this.#client = client;
    this.#keep = closeAtEnd(() => client.close());
    this.#compile = compile;
    this.#options = options;
  }

  get tools(): readonly RemoteTool[] {
    return [...this.#now().tools.values()];
  }

  get leftOut(): ReadonlyMap<string, string> {
    return this.#now().leftOut;
  }

  get digests(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.tools.map(({ name, digest }) => [name, digest]));
  }

  extend<Args extends readonly unknown[], Result, Partial>(fn: PromptFunction<Args, Result, Partial>) {
    const now = () => this.#now();
    return withTypes(fn, {
      types: () => now().types,
      get version() {
        return now().version;
      },
    });
  }

  step<S extends AnyStep>(): ToolStep<S> {
    const now = () => this.#now();
    const { name } = this.#options;
    return tool((step: S, context) => this.#run(step, context), {
      approval: (step) => this.#approvalOf(step),
      check: (step) => this.#problemWith(step),
      title: (step) => `${name}: ${nameIn(step)}`,
      untrusted: `mcp:${name}`,
      // A tool that is described differently is another tool: approvals of it lapse.
      get version() {
        return `mcp:${name}:${now().version}`;
      },
    });
  }

  async refresh(): Promise<void> {
    const { timeoutMs = 60_000, only, className, types } = this.#options;
    const listed = await listTools(this.#client, { timeout: timeoutMs });
    const wanted = listed.filter(({ name }) => only === undefined || only.includes(name));
    const version = digestOf(wanted.map(({ digest }) => digest)).slice(0, 16);
    if (this.#known?.version === version) return;
    const validators = new Map<string, StandardSchemaV1>();
    const broken = new Map<string, string>();
    for (const { name, inputSchema } of wanted) {
      try {
        validators.set(name, this.#compile(inputSchema));
      } catch {
        broken.set(name, "its schema cannot be checked");
      }
    }
    const made = types();
    const checked = wanted.filter(({ name }) => validators.has(name));
    const leftOut = addTools(made, className, checked);
    const tools = new Map(checked.filter(({ name }) => !leftOut.has(name)).map((one) => [one.name, one]));
    for (const { name, digest } of tools.values()) if (!this.#first.has(name)) this.#first.set(name, digest);
    this.#known = { tools, validators, types: made, leftOut: new Map([...broken, ...leftOut]), version };
  }

  async close(): Promise<void> {
    this.#keep();
    await this.#client.close();
  }

  #now(): Known {
    if (this.#known === undefined)
      throw new UsageError("invalid_argument", "the server's tools are not known yet");
    return this.#known;
  }

  #approvalOf(step: AnyStep): Approval {
    const found = this.#now().tools.get(nameIn(step));
    if (found === undefined) return "always";
    const { approval, pinned } = this.#options;
    const { name, digest, readOnlyHint } = found;
    const changed = this.#first.get(name) !== digest || (pinned !== undefined && pinned[name] !== digest);
    if (changed) return "always";
    return approval?.(found) ?? (readOnlyHint ? "never" : "always");
  }

  async #problemWith(step: AnyStep): Promise<string | undefined> {
    const { tools, validators } = this.#now();
    const name = nameIn(step);
    const validator = tools.has(name) ? validators.get(name) : undefined;
    if (validator === undefined)
      return `there is no tool ${JSON.stringify(name)}; there are: ${[...tools.keys()].join(", ")}`;
    const result = await validator["~standard"].validate(argumentsIn(step));
    if (result.issues === undefined) return undefined;
    return `the arguments of ${name} do not fit: ${result.issues.map(({ message }) => message).join("; ")}`;
  }

  async #run(step: AnyStep, { signal }: ToolContext): Promise<Json> {
    const name = nameIn(step);
    const before = this.#now().tools.get(name)?.digest;
    await this.refresh();
    const problem = await this.#problemWith(step);
    if (problem !== undefined) throw new Error(problem);
    if (this.#now().tools.get(name)?.digest !== before)
      throw new Error(`${name} is described differently now: look at it again before you call it`);
    const { timeoutMs = 60_000 } = this.#options;
    const called = await this.#client.callTool(
      { name, arguments: { ...argumentsIn(step) } },
      { signal, timeout: timeoutMs },
    );
    const result = resultOf(called);
    if (called.isError === true)
      throw new Error(typeof result === "string" ? result : JSON.stringify(result));
    return result;
  }
}

/** What the step calls: a dynamic class has its fields from the model. */
function callIn(step: AnyStep): JsonObject {
  const json = toJson(step);
  const call = isJsonObject(json) ? json["call"] : undefined;
  return isJsonObject(call) ? call : {};
}

function nameIn(step: AnyStep): string {
  const { tool: name } = callIn(step);
  return typeof name === "string" ? name : "";
}

/** Without fields that the model left out: a schema may not know `null`. */
function argumentsIn(step: AnyStep): JsonObject {
  const { arguments: given } = callIn(step);
  return isJsonObject(given) ? withoutNulls(given) : {};
}

function withoutNulls(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).flatMap(([name, value]) =>
      value === null ? [] : [[name, isJsonObject(value) ? withoutNulls(value) : value]],
    ),
  );
}

/** What a tool returned, as data: structured content, or else its texts. Anything else is only named. */
function resultOf({
  content,
  structuredContent,
}: {
  readonly content: readonly unknown[];
  readonly structuredContent?: unknown;
}): Json {
  if (structuredContent !== undefined) return toJson(structuredContent);
  const parts = content.map((part) => {
    const json = toJson(part);
    if (!isJsonObject(json)) return "";
    const { type, text: words } = json;
    return type === "text" && typeof words === "string"
      ? words
      : `[${typeof type === "string" ? type : "something"} that is not shown]`;
  });
  return parts.join("\n");
}
