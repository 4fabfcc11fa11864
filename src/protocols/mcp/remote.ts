import type { Client, StandardSchemaV1 } from "@modelcontextprotocol/client";
import type { AnyStep } from "../../agent/agent.ts";
import type { PrefetchContext } from "../../agent/prefetch.ts";
import {
  firstJoinedTools,
  joinedTools,
  type RecordedTool,
  ToolChangedError,
  withThreadTools,
} from "../../agent/thread-tools.ts";
import { closeAtEnd } from "../../base/at-end.ts";
import { digestOf } from "../../base/digest.ts";
import { UsageError } from "../../base/errors.ts";
import { atOnce } from "../../base/hooks.ts";
import type { Json, JsonObject } from "../../base/json.ts";
import { addTools, plainProblem } from "../../prompts/baml/tool-types.ts";
import type { PromptFunction } from "../../prompts/prompt-function.ts";
import { withTypes } from "../../prompts/with-types.ts";
import type { Approval, Credential, ToolContext, ToolStep } from "../../steps/definitions.ts";
import { tool } from "../../steps/steps.ts";
import type { Thread } from "../../thread/thread.ts";
import { argumentsIn, nameIn, resultOf } from "./call-step.ts";
import type { McpTools, McpToolsOptions } from "./client.ts";
import { listTools, type RemoteTool } from "./remote-tools.ts";
import { SeenTools } from "./seen-tools.ts";

type Validator = StandardSchemaV1;

/** What the server has now. */
interface Known {
  readonly tools: ReadonlyMap<string, RemoteTool>;
  readonly leftOut: ReadonlyMap<string, string>;
  readonly version: string;
}

/** How the server is reached, and its schemas compiled. */
export interface RemoteParts {
  readonly client: Client;
  /** Opens a connection in the name of the person whose credentials these are. Absent: all calls go over `client`. */
  readonly connectAs: ((credential: Credential) => Promise<Client>) | undefined;
  readonly compile: (schema: JsonObject) => Validator;
}

/** The tools of one server. */
export class Remote implements McpTools {
  readonly #parts: RemoteParts;
  /** Takes it back that the connection is closed when a command ends. */
  readonly #keep: () => void;
  readonly #options: McpToolsOptions;
  readonly #seen: SeenTools;
  #known: Known | undefined;
  /** Compiled schemas, by the digest of their tool. */
  readonly #validators = new Map<string, Validator>();

  constructor(parts: RemoteParts, options: McpToolsOptions) {
    this.#parts = parts;
    this.#keep = closeAtEnd(() => parts.client.close());
    this.#options = options;
    this.#seen = new SeenTools(options.name);
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

  extend<Args extends readonly unknown[], Result, Partial>(
    fn: PromptFunction<Args, Result, Partial>,
  ): PromptFunction<Args, Result, Partial> {
    const { className, types: builder, forThread, credentials, timeoutMs = 60_000 } = this.#options;
    if (forThread !== undefined) {
      const list = (about: PrefetchContext) => this.#join(about);
      return withThreadTools(fn, { className, builder, credentials, timeoutMs, list });
    }
    const now = () => this.#now();
    return withTypes(fn, {
      builder,
      add: (types) => addTools(types, className, this.tools),
      get version() {
        return now().version;
      },
    });
  }

  step<S extends AnyStep>(): ToolStep<S> {
    const now = () => this.#now();
    const { name, forThread, credentials = [] } = this.#options;
    return tool((step: S, context) => this.#run(step, context), {
      approval: (step, { thread }) => this.#approvalOf(step, thread),
      check: (step, { thread }) => this.#problemWith(step, thread),
      title: (step) => `${name}: ${nameIn(step)}`,
      untrusted: `mcp:${name}`,
      credentials,
      prepare: (values) => this.#seen.keepIn(values),
      // A tool that is described differently is another tool: approvals of it lapse. What a thread has is in its prompt's version.
      get version() {
        return `mcp:${name}:${forThread === undefined ? now().version : "per thread"}`;
      },
    });
  }

  async refresh(): Promise<void> {
    const { className, types } = this.#options;
    const wanted = await this.#list(this.#parts.client);
    const version = digestOf(wanted.map(({ digest }) => digest)).slice(0, 16);
    if (this.#known?.version === version) return;
    const broken = new Map<string, string>();
    const checked = wanted.filter((one) => {
      try {
        this.#validatorOf(one);
        return true;
      } catch {
        broken.set(one.name, "its schema cannot be checked");
        return false;
      }
    });
    const leftOut = addTools(types(), className, checked);
    const tools = new Map(checked.filter(({ name }) => !leftOut.has(name)).map((one) => [one.name, one]));
    await this.#seen.add([...tools.values()]);
    this.#known = { tools, leftOut: new Map([...broken, ...leftOut]), version };
  }

  async #list(client: Client): Promise<readonly RemoteTool[]> {
    const { timeoutMs = 60_000, only } = this.#options;
    const listed = await listTools(client, { timeout: timeoutMs });
    return listed.filter(({ name }) => only === undefined || only.includes(name));
  }

  async close(): Promise<void> {
    this.#keep();
    await this.#parts.client.close();
  }

  #now(): Known {
    if (this.#known === undefined)
      throw new UsageError("invalid_argument", "the server's tools are not known yet");
    return this.#known;
  }

  /** What joins a thread now. A server that is down has what it had. */
  async #join({ thread, credential }: PrefetchContext): Promise<readonly RecordedRemote[]> {
    const all = await this.#as(credential, async (client) => {
      if (client === undefined) await this.refresh().catch(() => {});
      return client === undefined ? this.tools : this.#typed(await this.#list(client));
    });
    const joining = atOnce("`forThread`", this.#options.forThread?.(thread, all)) ?? [];
    const wanted = new Set(joining.map(({ name }) => name));
    // Recorded, so that the thread alone tells whether it needs approval.
    return all
      .filter(({ name }) => wanted.has(name))
      .map((one) => ({ ...one, changed: !this.#seen.isAsFirst(one) }));
  }

  /** Those that the service itself knows: others have no place in the types, and were never looked at. */
  #typed(listed: readonly RemoteTool[]): readonly RemoteTool[] {
    return listed.filter(({ name }) => this.#now().tools.has(name));
  }

  /** Does something in the name of the person for whom it runs; `undefined`: over the connection that all share. */
  async #as<T>(credential: Credential, act: (client: Client | undefined) => Promise<T>): Promise<T> {
    const client = await this.#parts.connectAs?.(credential);
    try {
      return await act(client);
    } finally {
      await client?.close();
    }
  }

  /** What may be called in a thread. */
  #toolsIn(thread: Thread): readonly RemoteTool[] {
    const { forThread, className } = this.#options;
    return forThread === undefined ? this.tools : joinedTools(thread, className).map(readTool);
  }

  #isChanged(found: RemoteTool, thread: Thread): boolean {
    const { forThread, className, pinned } = this.#options;
    const { name, digest } = found;
    // Whoever pins a tool has looked at it.
    if (pinned !== undefined) return pinned[name] !== digest;
    if (forThread === undefined) return !this.#seen.isAsFirst(found);
    const first = firstJoinedTools(thread, className).find((one) => one.name === name);
    return found.changed === true || first?.["digest"] !== digest;
  }

  #approvalOf(step: AnyStep, thread: Thread): Approval {
    const found = this.#toolsIn(thread).find(({ name }) => name === nameIn(step));
    if (found === undefined || this.#isChanged(found, thread)) return "always";
    return this.#options.approval?.(found) ?? (found.readOnlyHint ? "never" : "always");
  }

  async #problemWith(step: AnyStep, thread: Thread): Promise<string | undefined> {
    const tools = this.#toolsIn(thread);
    const name = nameIn(step);
    const found = tools.find((one) => one.name === name);
    if (found === undefined)
      return `there is no tool ${JSON.stringify(name)}; there are: ${tools.map((one) => one.name).join(", ")}`;
    const result = await this.#validatorOf(found)["~standard"].validate(argumentsIn(step));
    if (result.issues === undefined) return undefined;
    const wrong = result.issues.map(({ message }) => message).join("; ");
    return `the arguments of ${name} do not fit: ${plainProblem(wrong)}`;
  }

  /** By the schema of the server's own words, where it still has them: what was recorded may be redacted. */
  #validatorOf(described: RemoteTool): Validator {
    const { name, digest } = described;
    const made = this.#validators.get(digest);
    if (made !== undefined) return made;
    const now = this.#known?.tools.get(name);
    const { inputSchema } = now?.digest === digest ? now : described;
    const validator = this.#parts.compile(inputSchema);
    this.#validators.set(digest, validator);
    return validator;
  }

  async #run(step: AnyStep, { signal, thread, credential }: ToolContext): Promise<Json> {
    const name = nameIn(step);
    const digestIn = (tools: readonly RemoteTool[]) => tools.find((one) => one.name === name)?.digest;
    const before = digestIn(this.#toolsIn(thread));
    return this.#as(credential, async (own) => {
      if (own === undefined) await this.refresh();
      if (digestIn(own === undefined ? this.tools : await this.#list(own)) !== before)
        throw new ToolChangedError(
          `${name} is described differently now: look at it again before you call it`,
        );
      const problem = await this.#problemWith(step, thread);
      if (problem !== undefined) throw new Error(problem);
      const { timeoutMs = 60_000 } = this.#options;
      const called = await (own ?? this.#parts.client).callTool(
        { name, arguments: { ...argumentsIn(step) } },
        { signal, timeout: timeoutMs },
      );
      const result = resultOf(called);
      if (called.isError === true)
        throw new Error(typeof result === "string" ? result : JSON.stringify(result));
      return result;
    });
  }
}

type RecordedRemote = RemoteTool & { readonly changed: boolean };

/** A tool as a thread records it. */
function readTool({ readOnlyHint, digest, changed, ...described }: RecordedTool): RemoteTool {
  const { name, description, inputSchema } = described;
  return {
    name,
    description,
    inputSchema,
    readOnlyHint: readOnlyHint === true,
    digest: String(digest),
    changed: changed === true,
  };
}
