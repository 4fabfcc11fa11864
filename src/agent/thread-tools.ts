import { fields, list, optional } from "../base/checks.ts";
import { digestOf } from "../base/digest.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../base/json.ts";
import { callback, checkOptions, durationMs, nonEmptyName } from "../base/options.ts";
import type { BamlFiles } from "../prompts/baml/source.ts";
import { addTools, type ToolDescription, type ToolTypes } from "../prompts/baml/tool-types.ts";
import { changeFunction } from "../prompts/change-function.ts";
import type { PromptFunction } from "../prompts/prompt-function.ts";
import { withTypes } from "../prompts/with-types.ts";
import type { Principal } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";
import type { Prefetch, PrefetchContext } from "./prefetch.ts";

/** Tools that are known only at run time and join the step union of one thread. */
export interface ThreadTools {
  /** The prompt's dynamic class for these tools; what joins a thread is recorded under this name, as `prefetched`. */
  readonly className: string;
  /** Makes the generated `TypeBuilder`: `() => new TypeBuilder()`. */
  readonly builder: () => ToolTypes;
  /**
   * The tools that join this thread; the thread tells who asked (`thread.state.requester`) and what came in. Called before
   * the model is first asked, and again when somebody else has written, or a tool has thrown `ToolChangedError`. What it
   * returns is recorded whole; if it throws, the union stays as it was, at first without any of them. It must only read.
   */
  readonly list: (
    context: PrefetchContext,
  ) => readonly ToolDescription[] | Promise<readonly ToolDescription[]>;
  /** The names of the credentials that listing needs. Default: none. */
  readonly credentials?: readonly string[] | undefined;
  /** Milliseconds after which listing is given up. Default 10,000. */
  readonly timeoutMs?: number | undefined;
}

/** A prompt function whose union depends on the thread; `defineAgent` takes what joined from the thread's own record. */
export interface ThreadPromptFunction<Args extends readonly unknown[], Result, Partial = unknown>
  extends PromptFunction<Args, Result, Partial> {
  /** What `defineAgent` adds to the agent's prefetches. */
  readonly prefetch: Readonly<Record<string, Prefetch>>;
  /** The function with what joined a thread, by the results of its prefetches. */
  forThread(prefetched: Readonly<Record<string, Json>>): PromptFunction<Args, Result, Partial>;
  withBamlFiles(
    ...files: Parameters<PromptFunction<Args, Result, Partial>["withBamlFiles"]>
  ): ThreadPromptFunction<Args, Result, Partial>;
}

/** Thrown by a tool that is not what the thread knows: its definition has changed. The tools are listed anew. */
export class ToolChangedError extends Error {
  override readonly name = NAME;
}
const NAME = "ToolChangedError";

const OPTIONS = fields({
  className: nonEmptyName,
  builder: callback,
  list: callback,
  credentials: optional(list(nonEmptyName)),
  timeoutMs: optional(durationMs),
});

/**
 * The prompt function with tools that join each thread anew. The union of a thread is what its events record, so replays,
 * edits, re-parses and comparisons of prompts know it without asking anybody; it is part of the prompt's version, so that an
 * approval lapses when it changes. Of several such sources each has a class of its own. Throws `UsageError` for options that
 * could not work.
 *
 * @example
 * const nextStep = withThreadTools(promptFunction(b, "DetermineNextStep", { bamlFiles: getBamlFiles }), {
 *   className: "ShopTools",
 *   builder: () => new TypeBuilder(),
 *   list: ({ thread }) => toolsFor(thread.state.requester),
 * });
 */
export function withThreadTools<Args extends readonly unknown[], Result, Partial>(
  fn: PromptFunction<Args, Result, Partial> | ThreadPromptFunction<Args, Result, Partial>,
  tools: ThreadTools,
): ThreadPromptFunction<Args, Result, Partial> {
  checkOptions("withThreadTools", OPTIONS, tools);
  const { className, builder, list: listed, timeoutMs, credentials } = tools;
  const prefetch: Prefetch = {
    run: (context) => listed(context),
    as: "parameter",
    again: isOutdated,
    timeoutMs,
    credentials,
  };
  const made = new WeakMap<object, PromptFunction<Args, Result, Partial>>();
  return changeFunction(fn, {
    withBamlFiles: (files: BamlFiles) => withThreadTools(fn.withBamlFiles(files), tools),
    prefetch: { ...("prefetch" in fn ? fn.prefetch : {}), [className]: prefetch },
    forThread(prefetched: Readonly<Record<string, Json>>): PromptFunction<Args, Result, Partial> {
      const inner = "forThread" in fn ? fn.forThread(prefetched) : fn;
      const joined = prefetched[className];
      if (joined === undefined || !isJsonArray(joined)) return inner;
      // Each thread's record is one object for as long as the thread is read on.
      const before = "forThread" in fn ? undefined : made.get(joined);
      if (before !== undefined) return before;
      const found = withTypes(inner, {
        builder,
        add: (types) => addTools(types, className, descriptionsIn(joined)),
        version: digestOf(joined).slice(0, 16),
      });
      made.set(joined, found);
      return found;
    },
  });
}

/** A tool as it was recorded: what `list` returned, as data. */
export type RecordedTool = JsonObject & ToolDescription;

/** What joined a thread, as it was recorded last. */
export function joinedTools({ events }: Pick<Thread, "events">, className: string): readonly RecordedTool[] {
  const last = events.findLast(
    ({ type, data }) => type === "prefetched" && data.name === className && data.outcome.kind === "result",
  );
  return last?.type === "prefetched" && last.data.outcome.kind === "result"
    ? descriptionsIn(last.data.outcome.result)
    : [];
}

/** Each as it was when it first joined. */
export function firstJoinedTools(
  { events }: Pick<Thread, "events">,
  className: string,
): readonly RecordedTool[] {
  return events
    .flatMap(({ type, data }) =>
      type === "prefetched" && data.name === className && data.outcome.kind === "result"
        ? descriptionsIn(data.outcome.result)
        : [],
    )
    .filter(({ name }, index, all) => all.findIndex((one) => one.name === name) === index);
}

function descriptionsIn(result: Json): readonly RecordedTool[] {
  return isJsonArray(result) ? result.filter(isDescription) : [];
}

function isDescription(value: Json): value is RecordedTool {
  if (!isJsonObject(value)) return false;
  const { name, description, inputSchema } = value;
  return (
    typeof name === "string" &&
    typeof description === "string" &&
    inputSchema !== undefined &&
    isJsonObject(inputSchema)
  );
}

/**
 * Somebody else has written since, for whom other tools may join; one of the tools has changed; or they could not be listed
 * and somebody has written since.
 */
function isOutdated({ events, state }: Thread, at: number): boolean {
  const last = events[at - 1];
  if (last?.type === "prefetched" && last.data.outcome.kind === "error") return state.lastInput > at;
  let sender: string | undefined;
  for (const { seq, type, data } of events) {
    if (seq > at && type === "tool_failed" && data.error.name === NAME) return true;
    if (type !== "message_received" && (type !== "event_received" || data.callId !== undefined)) continue;
    const from = JSON.stringify(identityOf(data.from));
    if (seq > at && from !== sender) return true;
    sender = from;
  }
  return false;
}

function identityOf(from: Principal | "system" | undefined): readonly string[] {
  return typeof from === "object" ? [from.channel, from.id] : [from ?? ""];
}
