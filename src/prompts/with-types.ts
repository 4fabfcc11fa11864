import type { RunTimeTypes } from "./baml/types.ts";
import type { PromptFunction } from "./prompt-function.ts";

/** Types that are known only at run time, and may change. */
export interface TypeSource {
  /** The types of now. Called for each call, so give the same object as long as they are the same. */
  types(): RunTimeTypes;
  /** Must change whenever the types do: it is part of the prompt's version. */
  readonly version: string;
}

/**
 * A prompt function whose calls, requests and parses all know types of run time, as `tb` does for a single call. They are part
 * of its version, so that an approval lapses when they change, and edits and re-parses are read with them.
 */
export function withTypes<Args extends readonly unknown[], Result, Partial>(
  fn: PromptFunction<Args, Result, Partial>,
  source: TypeSource,
): PromptFunction<Args, Result, Partial> {
  return {
    name: fn.name,
    get version() {
      return `${fn.version}+${source.version}`;
    },
    // What the types add is not in the files.
    intents: fn.intents,
    ownModel: fn.ownModel,
    prose: fn.prose,
    get stepFields() {
      return fn.stepFields;
    },
    call: (args, options) => fn.call(args, { ...options, tb: options?.tb ?? source.types() }),
    stream: (args, options) => fn.stream(args, { ...options, tb: options?.tb ?? source.types() }),
    request: (args, options) => fn.request(args, { ...options, tb: options?.tb ?? source.types() }),
    parse: (completion, options) => fn.parse(completion, { ...options, tb: options?.tb ?? source.types() }),
    namedArguments: (args) => fn.namedArguments(args),
    withBamlFiles: (files) => withTypes(fn.withBamlFiles(files), source),
  };
}
