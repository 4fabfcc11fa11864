import type { ClientRegistry, Collector } from "@boundaryml/baml";

/** BAML's own description of an HTTP request, as returned by `b.request`. */
export interface BamlRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: object;
  readonly body: { text(): string };
}

/** A generated `TypeBuilder` with types that are known only at run time. */
export interface RunTimeTypes {
  __tb(): { getClass(name: string): { listProperties(): readonly unknown[] } };
}

/** The options of generated functions that this package uses. */
export interface BamlOptions {
  readonly clientRegistry?: ClientRegistry | undefined;
  readonly tb?: RunTimeTypes | undefined;
  /** Building the request may need the network, to fetch an image or a token. */
  readonly remote?: boolean;
  /** Builds the request on a thread of its own, so that other calls can go on meanwhile. */
  readonly apart?: boolean;
  readonly collector?: Collector;
  readonly signal?: AbortSignal;
}

/** The parts of a generated client (`b`) that this package uses. The functions themselves are members of each part. */
export interface GeneratedClient {
  readonly request: object;
  readonly streamRequest: object;
  readonly parse: object;
  readonly parseStream: object;
}

/** Names of the functions of a generated client. */
export type FunctionName<Client extends GeneratedClient> = keyof Client["parse"] & string;

type Member<Part, Name> = Name extends keyof Part ? Part[Name] : never;

/** The arguments of a function, without BAML's trailing options. */
export type ArgumentsOf<Client extends GeneratedClient, Name extends string> =
  Member<Client["request"], Name> extends (...parameters: infer All) => unknown
    ? All extends [...infer Arguments, options?: unknown]
      ? Arguments
      : never
    : never;

/** What a function returns. */
export type ResultOf<Client extends GeneratedClient, Name extends string> =
  Member<Client["parse"], Name> extends (...parameters: never[]) => infer Result ? Result : never;

/** What a function streams while its answer is incomplete. */
export type PartialOf<Client extends GeneratedClient, Name extends string> =
  Member<Client["parseStream"], Name> extends (...parameters: never[]) => infer Partial ? Partial : never;

/** The generated members of one function, callable without knowing their types. */
export interface BamlFunction {
  readonly name: string;
  request(args: readonly unknown[], options: BamlOptions): Promise<unknown>;
  streamRequest(args: readonly unknown[], options: BamlOptions): Promise<unknown>;
  /** Throws if the text does not fit. Never call it with unguarded text: it can hang or kill the process. */
  parse(text: string, options: BamlOptions): unknown;
  parseStream(text: string, options: BamlOptions): unknown;
  /** The generated call itself: request, answer and parse in native code. */
  call(args: readonly unknown[], options: BamlOptions): Promise<unknown>;
  /** Number of arguments that the function declares, without BAML's options. */
  readonly arity: number;
  /** Their names, in order. Absent if the generated client does not tell them. */
  readonly argumentNames?: readonly string[] | undefined;
}
