import { type ClientRegistry, toBamlError } from "@boundaryml/baml";
import type { GeneratedClient, RunTimeTypes } from "./types.ts";

/**
 * The native runtime behind a generated client, called directly and without any environment. The generated functions
 * pass the whole environment of the process along with every request and every text to parse. That costs more than
 * building and parsing themselves, and it is how a key from the environment can end up in a request that should carry
 * another one.
 */
export interface NativeRuntime {
  /** Builds the request of a function. Only for clients that bring their own credentials. */
  request(args: Readonly<Record<string, unknown>>, options: RequestOptions): unknown;
  parse(text: string, partial: boolean, tb: RunTimeTypes | undefined): unknown;
  /** The names of the function's arguments, in order. */
  readonly argumentNames: readonly string[];
}

export interface RequestOptions {
  readonly registry: ClientRegistry;
  readonly stream: boolean;
  readonly tb: RunTimeTypes | undefined;
  /** On a thread of its own: slower for a single request, but other work can go on meanwhile. */
  readonly apart: boolean;
}

type Method = (...parameters: unknown[]) => unknown;

/**
 * The runtime of one function of a generated client. It is private to the code that the pinned version of BAML
 * generates: if it is not as expected, returns `undefined`, and the generated functions are used instead.
 */
export function nativeRuntime(client: GeneratedClient, name: string): NativeRuntime | undefined {
  const runtime: unknown = Reflect.get(client, "runtime");
  const contexts: unknown = Reflect.get(client, "ctxManager");
  const build = methodOf(runtime, "buildRequestSync");
  const buildApart = methodOf(runtime, "buildRequest");
  const parse = methodOf(runtime, "parseLlmResponse");
  const newContext = methodOf(contexts, "cloneContext");
  const argumentNames = namesOf(client, name);
  if (build === undefined || buildApart === undefined || parse === undefined) return undefined;
  if (newContext === undefined || argumentNames === undefined) return undefined;
  return {
    argumentNames,
    request: (args, { registry, stream, tb, apart }) =>
      asBaml(() => (apart ? buildApart : build)(name, args, newContext(), tb?.__tb(), registry, stream, {})),
    parse: (text, partial, tb) =>
      asBaml(() => parse(name, text, partial, newContext(), tb?.__tb(), undefined, {})),
  };
}

/** Makes the generated function name its arguments by calling it with a runtime that only records. */
function namesOf(client: GeneratedClient, name: string): string[] | undefined {
  const generated = methodOf(client.request, name);
  if (generated === undefined) return undefined;
  const markers = Array.from({ length: generated.length - 1 }, () => Symbol("argument"));
  let heard: unknown;
  const listener = {
    runtime: {
      buildRequest: (_name: unknown, args: unknown) => {
        heard = args;
      },
    },
    ctxManager: { cloneContext: () => undefined },
  };
  const called: unknown = Reflect.apply(Reflect.get(client.request, name), listener, [...markers, {}]);
  if (called instanceof Promise) called.catch(() => {});
  if (typeof heard !== "object" || heard === null) return undefined;
  const names = new Map(Object.entries(heard).map(([key, marker]) => [marker, key]));
  const ordered = markers.flatMap((marker) => names.get(marker) ?? []);
  return ordered.length === markers.length ? ordered : undefined;
}

function methodOf(owner: unknown, name: string): (Method & { readonly length: number }) | undefined {
  if (typeof owner !== "object" || owner === null) return undefined;
  const found: unknown = Reflect.get(owner, name);
  if (typeof found !== "function") return undefined;
  const method = (...parameters: unknown[]): unknown => Reflect.apply(found, owner, parameters);
  return Object.defineProperty(method, "length", { value: found.length });
}

// As in the generated functions.
function asBaml(call: () => unknown): unknown {
  try {
    const result = call();
    if (!(result instanceof Promise)) return result;
    return result.catch((error: unknown) => {
      throw toBamlError(error);
    });
  } catch (error) {
    throw toBamlError(error);
  }
}
