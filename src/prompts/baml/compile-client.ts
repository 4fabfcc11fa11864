import { BamlCtxManager, BamlRuntime } from "@boundaryml/baml";
import { UsageError } from "../../base/errors.ts";
import type { BamlFiles } from "./source.ts";
import type { GeneratedClient } from "./types.ts";

/**
 * A generated client with other `.baml` files behind it: its code hands requests and texts to a runtime that is compiled
 * from them. Nothing is written. Throws `UsageError` (`invalid_configuration`) with what the compiler says.
 */
export function compileClient(client: GeneratedClient, files: BamlFiles): GeneratedClient {
  const runtime = compileBaml(files);
  const made: unknown = Reflect.construct(client.constructor, [runtime, contextFor(runtime)]);
  if (isClient(made)) return made;
  throw new UsageError("invalid_configuration", "the BAML client cannot be made with other sources");
}

/**
 * BAML has each context wait for the end of the process, to send traces. A request traces nothing, and the listener would hold
 * the runtime for good: one more with each revision that is asked.
 */
function contextFor(runtime: BamlRuntime): BamlCtxManager {
  const before = new Set(process.listeners("exit"));
  const context = new BamlCtxManager(runtime);
  for (const added of process.listeners("exit")) if (!before.has(added)) process.off("exit", added);
  return context;
}

/** Compiles `.baml` files, by their path below `baml_src`. Throws `UsageError` with what the compiler says. */
export function compileBaml(files: BamlFiles): BamlRuntime {
  try {
    return BamlRuntime.fromFiles("baml_src", { ...files }, {});
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const said = text.replace(/\s*Stack backtrace:[\s\S]*$/, "").replace(/^BamlError: (?:error: )?/, "");
    throw new UsageError("invalid_configuration", `the BAML sources do not compile: ${said}`, {
      cause: error,
    });
  }
}

function isClient(value: unknown): value is GeneratedClient {
  return (
    typeof value === "object" &&
    value !== null &&
    ["request", "streamRequest", "parse", "parseStream"].every(
      (part) => typeof Reflect.get(value, part) === "object",
    )
  );
}
