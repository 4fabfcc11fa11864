import type { Json } from "../../base/json.ts";
import { items, member, type ReportedError, text } from "./wire.ts";

/** The error that a body or an event reports, in any provider's shape; `undefined` if it reports none. */
export function readError(body: Json | undefined): ReportedError | undefined {
  const error = member(body, "error");
  if (isError(error)) return describe(error, error);
  if (member(body, "type") === "error") return describe(body, body);
  // Bedrock says only {"message": …}; others say "Success" in the same place, beside a code of 0.
  const message = member(body, "message");
  if (typeof message !== "string" || message === "" || isSuccess(body)) return undefined;
  return describe(body, body);
}

/** Some servers put an empty `error` into every body. */
function isError(error: Json | undefined): error is Json {
  if (error === undefined || error === null || error === false || error === "" || error === 0) return false;
  return typeof error !== "object" || Object.keys(error).length > 0;
}

function isSuccess(body: Json | undefined): boolean {
  const code = member(body, "code");
  if (code === 0 || code === 200 || code === "0" || code === "200") return true;
  return items(member(body, "choices")).length > 0 && statusOf(code) === undefined;
}

function describe(error: Json | undefined, whole: Json | undefined): ReportedError {
  if (typeof error === "string") return { message: error };
  const message = text(member(error, "message")) || JSON.stringify(whole).slice(0, 300);
  const code = member(error, "code");
  const type = text(member(error, "type"));
  return {
    message,
    status: statusOf(code) ?? STATUS_OF_TYPE[type],
    code: typeof code === "string" && statusOf(code) === undefined ? code : type === "" ? undefined : type,
  };
}

// Codes that are not HTTP statuses are the provider's own numbers.
function statusOf(code: Json | undefined): number | undefined {
  const number = typeof code === "string" && /^\d{3}$/.test(code) ? Number(code) : code;
  return typeof number === "number" && number >= 400 && number <= 599 ? number : undefined;
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
