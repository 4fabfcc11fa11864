import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { z } from "zod";
import { HTTP_STATUS, HTTP_TITLE, isInternal, TwelvefoldError } from "../base/errors.ts";
import { toJson } from "../base/json.ts";
import { IllegalEventError } from "../thread/transition.ts";
import { RequestError, UnauthorizedError } from "./errors.ts";

/** A problem document (RFC 9457). `detail` says what was wrong and what would be accepted. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  /** A stable name of the error; docs/errors.md lists them. */
  code: z.string(),
  instance: z.string().optional(),
  /** Facts for programs: ids, limits, what would be valid. */
  details: z.record(z.string(), z.unknown()).optional(),
  /** The fields that are wrong, and why. */
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof problemSchema>;

/** The server's own codes, for what it refuses before it reaches a thread, with their statuses; `docs/errors.md` explains each. */
export const SERVER_CODES = {
  bad_request: 400,
  unauthorized: 401,
  gone: 410,
  too_large: 413,
  unsupported_media_type: 415,
  too_many_requests: 429,
  internal: 500,
  try_again: 503,
} as const;

/** The HTTP status for anything that may be thrown. */
export function statusOf(error: unknown): ContentfulStatusCode {
  if (error instanceof RequestError) return error.status;
  if (error instanceof UnauthorizedError) return 401;
  if (error instanceof HTTPException) return asContentful(error.status);
  return TwelvefoldError.isInstance(error) ? HTTP_STATUS[error.code] : 500;
}

function asContentful(status: number): ContentfulStatusCode {
  const known = [400, 401, 403, 404, 409, 410, 413, 415, 422, 429, 503] as const;
  return known.find((one) => one === status) ?? 500;
}

/** The problem document for anything thrown. Internal errors are logged, not disclosed. */
export function problemOf(error: unknown, requestId: string): Problem {
  const status = statusOf(error);
  const base = {
    type: "about:blank",
    title: titleOf(status),
    status,
    instance: `urn:request:${requestId}`,
  };
  if (status === 500 || (status === 503 && TwelvefoldError.isInstance(error) && isInternal(error))) {
    const code = TwelvefoldError.isInstance(error) ? error.code : "internal";
    return { ...base, code, detail: `an error inside the server; its log has it under ${requestId}` };
  }
  if (error instanceof UnauthorizedError) return { ...base, code: "unauthorized", detail: error.message };
  if (error instanceof RequestError) {
    return { ...base, code: codeOf(error.status), detail: error.message, ...detailsOf(error) };
  }
  if (!TwelvefoldError.isInstance(error)) {
    const detail =
      status === 415
        ? "send the body as JSON, with the header `content-type: application/json`"
        : error instanceof HTTPException
          ? error.message
          : "the request could not be taken";
    return { ...base, code: codeOf(status), detail };
  }
  const code = error instanceof IllegalEventError ? "conflict" : error.code;
  return { ...base, code, detail: error.message, ...detailsOf(error) };
}

function titleOf(status: number): string {
  return Object.entries(HTTP_TITLE).find(([known]) => Number(known) === status)?.[1] ?? "Error";
}

function codeOf(status: number): string {
  if (status === 404) return "not_found";
  if (status === 422) return "invalid_argument";
  return Object.entries(SERVER_CODES).find(([, one]) => one === status)?.[0] ?? "bad_request";
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
