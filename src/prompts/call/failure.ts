import { redactText } from "../http/redact.ts";
import type { ReportedError } from "../wire/wire.ts";

/** An attempt that brought no answer. */
export interface Failure {
  readonly kind: "failed";
  readonly status?: number | undefined;
  readonly message: string;
  /** The provider is down or busy, it refuses the request, or the request has more tokens than it accepts. */
  readonly verdict: "unavailable" | "rejected" | "too_long";
  /** Whether trying again, at once or after a moment, may help. */
  readonly again: boolean;
  /** The provider did nothing: try again at once, without counting this as an attempt. */
  readonly free?: boolean | undefined;
  /** The server is still loading the model: it is worth waiting for. */
  readonly loading?: boolean | undefined;
  readonly retryAfterMs?: number | undefined;
  /** The server may have refused only because it was asked to count the tokens of a stream. */
  readonly mayRefuseUsage?: boolean | undefined;
}

/** A failure that another try may cure. */
export function transient(message: string, status?: number): Failure {
  return { kind: "failed", status, message, verdict: "unavailable", again: true };
}

const AGAIN = new Set([408, 409, 425, 429]);
const HINTS: Readonly<Record<number, string>> = {
  401: "check the key",
  402: "the account has no credit",
  403: "the key may not use this model",
  404: "check the model's name and the base URL",
};
// OpenAI answers 429 both for too many requests, which passes, and for an empty account, which does not.
const FINAL_CODES = new Set(["insufficient_quota", "billing_hard_limit_reached", "billing_not_active"]);

/** The failure that a provider's error amounts to. `status` is the HTTP status, or the one in the body. */
export function failureOf(
  status: number,
  error: ReportedError,
  secrets: readonly string[],
  retryAfterMs?: number,
): Failure {
  const verdict = verdictOf(status, error);
  const hint = verdict === "too_long" ? "" : hintFor(status);
  const text = redactText(error.message, secrets).slice(0, 500);
  return {
    kind: "failed",
    status,
    message: `${status} ${text}${hint === "" ? "" : ` (${hint})`}`,
    verdict,
    again: verdict === "unavailable",
    loading: status === 503 && /\bloading\b/i.test(error.message),
    retryAfterMs,
  };
}

function verdictOf(status: number, error: ReportedError): Failure["verdict"] {
  if (isTooLong(status, error)) return "too_long";
  if (error.code !== undefined && FINAL_CODES.has(error.code)) return "rejected";
  const again = AGAIN.has(status) || (status >= 500 && status !== 501 && status !== 505);
  return again ? "unavailable" : "rejected";
}

const TOO_LONG_CODES = new Set(["context_length_exceeded", "exceed_context_size_error", "request_too_large"]);
// In the words of OpenAI, vLLM, OpenRouter, Mistral; llama.cpp; Anthropic, Bedrock; Google; xAI; LM Studio.
const TOO_LONG = new RegExp(
  [
    /maximum (?:context|prompt) length/,
    /(?:exceed\w{0,10}|larger than|greater than|too long for)[^.]{0,60}context (?:length|size|window|limit)/,
    /context (?:length|size|window|limit)[^.]{0,40}exceed/,
    /(?:prompt|input) is too long/,
    /input (?:token count|length)[^.]{0,60}exceeds/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "i",
);

function isTooLong(status: number, { code, message }: ReportedError): boolean {
  if (status === 413 || (code !== undefined && TOO_LONG_CODES.has(code))) return true;
  // A rate limit may also say "too many tokens".
  const mayBe = status === 400 || status === 422 || status === 500 || status === 502;
  return mayBe && TOO_LONG.test(message);
}

function hintFor(status: number): string {
  if (status >= 300 && status < 400) return "redirects are not followed: check the base URL";
  return HINTS[status] ?? "";
}
