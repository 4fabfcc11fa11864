import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { z } from "zod";
import { type ErrorCode, TwelvefoldError } from "../base/errors.ts";
import { toJson } from "../base/json.ts";
import { IllegalEventError } from "../thread/transition.ts";
import { RequestError, UnauthorizedError } from "./errors.ts";

/** A problem document (RFC 9457). `detail` says what was wrong and what would be accepted. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  /** A stable name of the mistake; the list is in docs/errors.md. */
  code: z.string(),
  instance: z.string().optional(),
  /** Facts for programs: ids, limits, what would be valid. */
  details: z.record(z.string(), z.unknown()).optional(),
  /** Fields that are wrong. */
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof problemSchema>;

const STATUS: { readonly [C in ErrorCode]: ContentfulStatusCode } = {
  invalid_argument: 422,
  invalid_configuration: 500,
  missing_credentials: 500,
  not_found: 404,
  conflict: 409,
  sequence_conflict: 409,
  illegal_event: 409,
  forbidden: 403,
  expired: 410,
  storage_failed: 500,
  storage_corrupt: 500,
  provider_rejected: 500,
  provider_unavailable: 500,
  prompt_too_long: 500,
  aborted: 503,
  replay_mismatch: 500,
  unexpected_call: 500,
};

const TITLE: Readonly<Record<number, string>> = {
  400: "The request is malformed",
  401: "Who are you?",
  403: "Not allowed",
  404: "Not found",
  409: "It does not fit the state",
  410: "Gone",
  413: "Too large",
  415: "Unsupported media type",
  422: "The request is not valid",
  429: "Too many requests",
  500: "Something went wrong here",
  503: "Try again later",
};

/** The HTTP status for anything that may be thrown. */
export function statusOf(error: unknown): ContentfulStatusCode {
  if (error instanceof RequestError) return error.status;
  if (error instanceof UnauthorizedError) return 401;
  if (error instanceof HTTPException) return asContentful(error.status);
  return TwelvefoldError.isInstance(error) ? STATUS[error.code] : 500;
}

function asContentful(status: number): ContentfulStatusCode {
  const known = [400, 401, 403, 404, 409, 410, 413, 415, 422, 429, 503] as const;
  return known.find((one) => one === status) ?? 500;
}

/** The problem document for anything thrown. What went wrong inside is logged, not told. */
export function problemOf(error: unknown, requestId: string): Problem {
  const status = statusOf(error);
  const base = {
    type: "about:blank",
    title: TITLE[status] ?? "Error",
    status,
    instance: `urn:request:${requestId}`,
  };
  if (status === 500) {
    const code = TwelvefoldError.isInstance(error) ? error.code : "internal";
    return { ...base, code, detail: `an error inside the server; its log has it under ${requestId}` };
  }
  if (error instanceof UnauthorizedError) return { ...base, code: "unauthorized", detail: error.message };
  if (error instanceof RequestError) {
    return { ...base, code: codeOf(error.status), detail: error.message, ...detailsOf(error) };
  }
  if (!TwelvefoldError.isInstance(error)) {
    const detail = error instanceof HTTPException ? error.message : "the request could not be taken";
    return { ...base, code: codeOf(status), detail };
  }
  const code = error instanceof IllegalEventError ? "conflict" : error.code;
  return { ...base, code, detail: error.message, ...detailsOf(error) };
}

function codeOf(status: number): string {
  const codes: Readonly<Record<number, string>> = {
    404: "not_found",
    410: "gone",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid_argument",
    429: "too_many_requests",
    503: "try_again",
  };
  return codes[status] ?? "bad_request";
}

function detailsOf({ details }: TwelvefoldError): Pick<Problem, "details"> {
  return Object.keys(details).length === 0
    ? {}
    : { details: z.record(z.string(), z.unknown()).parse(toJson(details)) };
}

/** Answers with a problem document. */
export function sendProblem(c: Context, problem: Problem, headers: Readonly<Record<string, string>> = {}) {
  return c.body(JSON.stringify(problem), asStatus(problem), {
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    ...headers,
  });
}

/** The status of a problem document, as a status that has a body. */
export function asStatus({ status }: Problem): ContentfulStatusCode {
  return asContentful(status);
}
