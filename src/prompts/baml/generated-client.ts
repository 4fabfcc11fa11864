import { UsageError } from "../../base/errors.ts";
import { nativeRuntime } from "./native-runtime.ts";
import type { BamlFunction, BamlOptions, BamlRequest, GeneratedClient } from "./types.ts";

/** Finds the members of one generated function. Throws `UsageError` for a name that the client does not have. */
export function bamlFunction(client: GeneratedClient, name: string): BamlFunction {
  const request = member(client.request, name);
  const streamRequest = member(client.streamRequest, name);
  const parse = member(client.parse, name);
  const parseStream = member(client.parseStream, name);
  const whole = member(client, name);
  const arity = request.length - 1;
  // BAML's options come last, so arguments that the caller leaves out must keep their places.
  const pad = (args: readonly unknown[]) =>
    args.length < arity ? [...args, ...Array<undefined>(arity - args.length)] : args;
  const native = nativeRuntime(client, name);
  const build = async (args: readonly unknown[], options: BamlOptions, stream: boolean): Promise<unknown> => {
    const { clientRegistry, tb, remote, apart = false } = options;
    if (native === undefined || clientRegistry === undefined || remote === true) {
      return (stream ? streamRequest : request).call([...pad(args), { clientRegistry, tb }]);
    }
    const named = native.argumentNames.map((argument, index) => [argument, args[index] ?? null] as const);
    return native.request(Object.fromEntries(named), { registry: clientRegistry, stream, tb, apart });
  };
  return {
    name,
    arity,
    argumentNames: native?.argumentNames,
    request: (args, options) => build(args, options, false),
    streamRequest: (args, options) => build(args, options, true),
    parse: (text, { tb }) =>
      native === undefined ? parse.call([text, { tb }]) : native.parse(text, false, tb),
    parseStream: (text, { tb }) =>
      native === undefined ? parseStream.call([text, { tb }]) : native.parse(text, true, tb),
    call: async (args, options) => whole.call([...pad(args), options]),
  };
}

function member(part: object, name: string): { length: number; call(args: unknown[]): unknown } {
  const found: unknown = Reflect.get(part, name);
  if (typeof found !== "function") {
    const known = Object.getOwnPropertyNames(Object.getPrototypeOf(part)).filter(
      (key) => key !== "constructor",
    );
    throw new UsageError(
      "invalid_argument",
      `the BAML client has no function ${name}; it has ${known.join(", ") || "none"}`,
      { details: { name, known } },
    );
  }
  return { length: found.length, call: (args) => Reflect.apply(found, part, args) };
}

/** Checks what `b.request` returned. */
export function isBamlRequest(value: unknown): value is BamlRequest {
  return (
    typeof value === "object" && value !== null && "url" in value && "headers" in value && "body" in value
  );
}
