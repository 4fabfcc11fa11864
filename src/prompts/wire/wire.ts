import type { Usage } from "../../base/completion.ts";
import type { Json } from "../../base/json.ts";

/** How a completion ended, in the words of no provider in particular. */
export type FinishReason = "stop" | "length" | "filtered" | "other";

/** What a provider's answer says, in any wire format. */
export interface ModelReply {
  /** The text of the answer, without the model's thoughts where the format keeps them apart. */
  readonly text: string;
  readonly finish: FinishReason;
  readonly usage: Usage | null;
}

/** What one streamed event adds. */
export interface StreamedPart {
  readonly text?: string;
  readonly finish?: FinishReason;
  readonly usage?: Usage;
  /** The stream is complete. */
  readonly done?: boolean;
  /** The provider reports an error in the middle of the stream. */
  readonly error?: ReportedError;
}

export interface ReportedError {
  readonly message: string;
  /** HTTP status or code in the body, where there is one. */
  readonly status?: number;
  readonly code?: string;
}

/** One provider's way to write answers. Both functions read any JSON and never throw. */
export interface WireFormat {
  readonly name: string;
  /** The reply in a whole body; `undefined` where the body is no answer of this format. */
  readReply(body: Json): ModelReply | undefined;
  /** What one event of a stream adds. */
  readPart(event: Json): StreamedPart;
  /** True where every complete stream says how it finished: one that does not was cut. */
  readonly streamsEnd: boolean;
}

/** A member of a JSON object; `undefined` where the value is no object or has no such member. */
export function member(value: Json | undefined, name: string): Json | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const found: unknown = Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
  return isJson(found) ? found : undefined;
}

// Members of parsed JSON are JSON: only the absence has to be checked.
function isJson(value: unknown): value is Json {
  return value !== undefined;
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

/** Token counts from the members of a usage object; `undefined` where there is no object. */
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

/** The error that a body reports, in any provider's shape. */
export function readError(body: Json | undefined): ReportedError | undefined {
  const error = member(body, "error") ?? (member(body, "type") === "error" ? body : undefined);
  // Bedrock says {"message": …} and nothing else.
  const source = error ?? (typeof member(body, "message") === "string" ? body : undefined);
  if (source === undefined || source === null) return undefined;
  if (typeof source === "string") return { message: source };
  const message = text(member(source, "message")) || JSON.stringify(source).slice(0, 300);
  const code = member(source, "code");
  const status = typeof code === "number" ? code : STATUS_OF_TYPE[text(member(source, "type"))];
  return {
    message,
    ...(status === undefined ? {} : { status }),
    ...(typeof code === "string" ? { code } : {}),
  };
}

const STATUS_OF_TYPE: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  authentication_error: 401,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  server_error: 500,
  overloaded_error: 529,
};
