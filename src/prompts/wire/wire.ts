import type { ProviderResponse, Usage } from "../../base/completion.ts";
import type { Json } from "../../base/json.ts";
import type { Finish, FinishReason } from "./finish.ts";

/** What a provider's answer amounts to: text to read, or what the provider says instead. */
export interface ModelReply {
  /** The text of the answer, without the model's thoughts if the format keeps them apart. */
  readonly text: string;
  readonly finish: FinishReason;
  readonly usage: Usage | null;
  readonly response?: ProviderResponse | undefined;
}

/** A whole body, as read from its format. */
export interface WholeBody {
  readonly text: string;
  /** `undefined` if the provider says nothing about the end; a complete answer always does. */
  readonly finish: Finish | undefined;
  readonly usage: Usage | null;
}

/** What one streamed event adds. */
export interface StreamedPart {
  readonly text?: string | undefined;
  /** `text` is the whole answer, not one more part of it. */
  readonly isWhole?: boolean | undefined;
  readonly finish?: Finish | undefined;
  readonly usage?: Usage | undefined;
  /** No event follows this one. */
  readonly done?: boolean | undefined;
}

export interface ReportedError {
  readonly message: string;
  /** The HTTP status or code in the body, if there is one. */
  readonly status?: number | undefined;
  readonly code?: string | undefined;
}

/** How one provider writes answers. All functions accept any JSON and never throw. */
export interface WireFormat {
  readonly name: string;
  /** The answer in a whole body; `undefined` if the body is not an answer in this format. */
  readBody(body: Json): WholeBody | undefined;
  /** What one event of a stream adds. */
  readPart(event: Json): StreamedPart;
  /** Where a body or an event reports an error, in addition to the members that `readError` knows. */
  readonly errorsIn?: (body: Json) => Json | undefined;
}

/** A member of a JSON object; `undefined` if the value is not an object or has no such member. */
export function member(value: Json | undefined, name: string): Json | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const found: unknown = Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
  return isJson(found) ? found : undefined;
}

// Members of parsed JSON are JSON: only their absence needs checking.
function isJson(value: unknown): value is Json {
  return value !== undefined;
}

/** The id and the model that a body, or an event of a stream, names; what is not there stays as it was. */
export function readResponse(body: Json, before: ProviderResponse = {}): ProviderResponse {
  // Streams of Anthropic and of OpenAI's responses wrap it.
  const inner = member(body, "message") ?? member(body, "response") ?? body;
  const id = shortText(member(inner, "id") ?? member(inner, "responseId"));
  const model = shortText(member(inner, "model") ?? member(inner, "modelVersion"));
  return { ...before, id: before.id ?? id, model: before.model ?? model };
}

function shortText(value: Json | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value.slice(0, 200).toWellFormed() : undefined;
}

export function items(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

export function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function count(value: Json | undefined): number {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : 0;
}

/** Token counts from the members of a usage object; `undefined` if there is no object. */
export function readUsage(
  usage: Json | undefined,
  names: {
    readonly input: readonly string[];
    readonly output: readonly string[];
    readonly cached: readonly string[];
  },
): Usage | undefined {
  if (typeof usage !== "object" || usage === null) return undefined;
  const sum = (paths: readonly string[]) =>
    paths.reduce((total, path) => total + count(path.split(".").reduce<Json | undefined>(member, usage)), 0);
  return {
    inputTokens: sum(names.input),
    outputTokens: sum(names.output),
    cachedInputTokens: sum(names.cached),
  };
}
