import { UsageError } from "../base/errors.ts";
import type { BamlFiles } from "./baml/source.ts";
import type { ToolTypes } from "./baml/tool-types.ts";
import type { RunTimeTypes } from "./baml/types.ts";
import { changeFunction } from "./change-function.ts";
import type { CallOptions, PromptFunction } from "./prompt-function.ts";

/** Types that are known only at run time, and may change. */
export interface TypeSource {
  /** Makes the generated `TypeBuilder`: `() => new TypeBuilder()`. */
  readonly builder: () => ToolTypes;
  /** Adds the types of now to a builder, which may hold those of other sources. Called once for each version. */
  readonly add: (types: ToolTypes) => void;
  /** Must change whenever the types do: it is part of the prompt's version. */
  readonly version: string;
}

/** Where the types of a function come from, so that those of several sources join. */
const sourcesOf = new WeakMap<object, readonly TypeSource[]>();

/**
 * A prompt function whose calls, requests and parses all know types of run time, as `tb` does for a single call. They are part
 * of its version, so that an approval lapses when they change, and edits and re-parses are read with them. Types of several
 * sources join: `withTypes(withTypes(fn, one), other)`.
 */
export function withTypes<Args extends readonly unknown[], Result, Partial>(
  fn: PromptFunction<Args, Result, Partial>,
  source: TypeSource,
): PromptFunction<Args, Result, Partial> {
  if ("forThread" in fn)
    throw new UsageError(
      "invalid_argument",
      `${fn.name}: add types for all threads before those for single threads`,
    );
  const sources = [...(sourcesOf.get(fn) ?? []), source];
  let made: { readonly version: string; readonly types: RunTimeTypes } | undefined;
  const types = (): RunTimeTypes => {
    const version = sources.map((one) => one.version).join("+");
    if (made?.version !== version) {
      const builder = source.builder();
      for (const { add } of sources) add(builder);
      made = { version, types: builder };
    }
    return made.types;
  };
  // What the types add is not in the files: intents, fields and the returned type stay those of the function.
  const typed: PromptFunction<Args, Result, Partial> = changeFunction(fn, {
    get version() {
      return `${fn.version}+${source.version}`;
    },
    call: (args: Args, options?: CallOptions<Partial>) =>
      fn.call(args, { ...options, tb: options?.tb ?? types() }),
    stream: (args: Args, options?: Omit<CallOptions<Partial>, "onPartial">) =>
      fn.stream(args, { ...options, tb: options?.tb ?? types() }),
    request: (args: Args, options?: CallOptions<Partial>) =>
      fn.request(args, { ...options, tb: options?.tb ?? types() }),
    parse: (completion: string, options?: { readonly tb?: RunTimeTypes }) =>
      fn.parse(completion, { ...options, tb: options?.tb ?? types() }),
    withBamlFiles: (files: BamlFiles) => withTypes(fn.withBamlFiles(files), source),
  });
  sourcesOf.set(typed, sources);
  return typed;
}
