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
import type { Json, JsonObject } from "../../base/json.ts";
import { addTools } from "../../prompts/baml/tool-types.ts";
import type { PromptFunction } from "../../prompts/prompt-function.ts";
import { withTypes } from "../../prompts/with-types.ts";
import type { Approval, ToolContext, ToolStep } from "../../steps/definitions.ts";
import { tool } from "../../steps/steps.ts";
import type { Thread } from "../../thread/thread.ts";
import { argumentsIn, nameIn, resultOf } from "./call-step.ts";
import type { McpTools, McpToolsOptions } from "./client.ts";
import { listTools, type RemoteTool } from "./remote-tools.ts";

type Validator = StandardSchemaV1;

/** What the server has now. */
interface Known {
  readonly tools: ReadonlyMap<string, RemoteTool>;
  readonly leftOut: ReadonlyMap<string, string>;
  readonly version: string;
}

/** The tools of one server over one connection. */
export class Remote implements McpTools {
  readonly #client: Client;
  /** Takes it back that the connection is closed when a command ends. */
  readonly #keep: () => void;
  readonly #compile: (schema: JsonObject) => Validator;
  readonly #options: McpToolsOptions;
  #known: Known | undefined;
  /** The digests as the server first gave them. */
  readonly #first = new Map<string, string>();
  /** Compiled schemas, by the digest of their tool. */
  readonly #validators = new Map<string, Validator>();

  constructor(client: Client, compile: (schema: JsonObject) => Validator, options: McpToolsOptions) {
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

  extend<Args extends readonly unknown[], Result, Partial>(
    fn: PromptFunction<Args, Result, Partial>,
  ): PromptFunction<Args, Result, Partial> {
    const { className, types: builder, forThread, timeoutMs = 60_000 } = this.#options;
    if (forThread !== undefined)
      return withThreadTools(fn, { className, builder, timeoutMs, list: (about) => this.#join(about) });
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
    const { name, forThread } = this.#options;
    return tool((step: S, context) => this.#run(step, context), {
      approval: (step, { thread }) => this.#approvalOf(step, thread),
      check: (step, { thread }) => this.#problemWith(step, thread),
      title: (step) => `${name}: ${nameIn(step)}`,
      untrusted: `mcp:${name}`,
      // A tool that is described differently is another tool: approvals of it lapse. What a thread has is in its prompt's version.
      get version() {
        return `mcp:${name}:${forThread === undefined ? now().version : "per thread"}`;
      },
    });
  }

  async refresh(): Promise<void> {
    const { timeoutMs = 60_000, only, className, types } = this.#options;
    const listed = await listTools(this.#client, { timeout: timeoutMs });
    const wanted = listed.filter(({ name }) => only === undefined || only.includes(name));
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
    for (const { name, digest } of tools.values()) if (!this.#first.has(name)) this.#first.set(name, digest);
    this.#known = { tools, leftOut: new Map([...broken, ...leftOut]), version };
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

  /** What joins a thread now. A server that is down has what it had. */
  async #join({ thread }: PrefetchContext): Promise<readonly RemoteTool[]> {
    await this.refresh().catch(() => {});
    const all = this.tools;
    const wanted = new Set((this.#options.forThread?.(thread, all) ?? []).map(({ name }) => name));
    return all.filter(({ name }) => wanted.has(name));
  }

  /** What may be called in a thread. */
  #toolsIn(thread: Thread): readonly RemoteTool[] {
    const { forThread, className } = this.#options;
    return forThread === undefined ? this.tools : joinedTools(thread, className).map(readTool);
  }

  #firstDigest(name: string, thread: Thread): string | undefined {
    const { forThread, className } = this.#options;
    if (forThread === undefined) return this.#first.get(name);
    return firstJoinedTools(thread, className)
      .map(readTool)
      .find((one) => one.name === name)?.digest;
  }

  #approvalOf(step: AnyStep, thread: Thread): Approval {
    const found = this.#toolsIn(thread).find(({ name }) => name === nameIn(step));
    if (found === undefined) return "always";
    const { approval, pinned } = this.#options;
    const { name, digest, readOnlyHint } = found;
    const changed =
      this.#firstDigest(name, thread) !== digest || (pinned !== undefined && pinned[name] !== digest);
    if (changed) return "always";
    return approval?.(found) ?? (readOnlyHint ? "never" : "always");
  }

  async #problemWith(step: AnyStep, thread: Thread): Promise<string | undefined> {
    const tools = this.#toolsIn(thread);
    const name = nameIn(step);
    const found = tools.find((one) => one.name === name);
    if (found === undefined)
      return `there is no tool ${JSON.stringify(name)}; there are: ${tools.map((one) => one.name).join(", ")}`;
    const result = await this.#validatorOf(found)["~standard"].validate(argumentsIn(step));
    if (result.issues === undefined) return undefined;
    return `the arguments of ${name} do not fit: ${result.issues.map(({ message }) => message).join("; ")}`;
  }

  /** By the schema of the server's own words, where it still has them: what was recorded may be redacted. */
  #validatorOf(described: RemoteTool): Validator {
    const { name, digest } = described;
    const made = this.#validators.get(digest);
    if (made !== undefined) return made;
    const now = this.#known?.tools.get(name);
    const { inputSchema } = now?.digest === digest ? now : described;
    const validator = this.#compile(inputSchema);
    this.#validators.set(digest, validator);
    return validator;
  }

  async #run(step: AnyStep, { signal, thread }: ToolContext): Promise<Json> {
    const name = nameIn(step);
    const digestIn = (tools: readonly RemoteTool[]) => tools.find((one) => one.name === name)?.digest;
    const before = digestIn(this.#toolsIn(thread));
    await this.refresh();
    if (digestIn(this.tools) !== before)
      throw new ToolChangedError(`${name} is described differently now: look at it again before you call it`);
    const problem = await this.#problemWith(step, thread);
    if (problem !== undefined) throw new Error(problem);
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

/** A tool as a thread records it. */
function readTool({ name, description, inputSchema, readOnlyHint, digest }: RecordedTool): RemoteTool {
  return { name, description, inputSchema, readOnlyHint: readOnlyHint === true, digest: String(digest) };
}
