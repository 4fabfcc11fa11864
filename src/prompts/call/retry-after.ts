import { isJsonArray, isJsonObject, type Json } from "../../base/json.ts";

/**
 * How long the provider asks to wait, in ms: from the headers `retry-after-ms` (OpenAI, Azure) and `Retry-After`
 * (seconds or an HTTP date), or from Google's `RetryInfo` in the body. `undefined` if there is nothing readable.
 */
export function retryAfterMs(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: Json | undefined,
  now: number,
): number | undefined {
  const inMs = readNumber(headers["retry-after-ms"]);
  if (inMs !== undefined) return inMs;
  const header = headers["retry-after"];
  const seconds = readNumber(header);
  if (seconds !== undefined) return seconds * 1000;
  if (typeof header === "string") {
    const date = Date.parse(header);
    if (!Number.isNaN(date)) return Math.max(0, date - now);
  }
  return retryInfo(body);
}

function readNumber(header: string | string[] | undefined): number | undefined {
  return typeof header === "string" && /^\s*\d+(\.\d+)?\s*$/.test(header) ? Number(header) : undefined;
}

function retryInfo(body: Json | undefined): number | undefined {
  const error = isJsonObject(body) ? body["error"] : undefined;
  const details = isJsonObject(error) ? (error["details"] ?? null) : null;
  if (!isJsonArray(details)) return undefined;
  for (const detail of details) {
    const delay = isJsonObject(detail) ? detail["retryDelay"] : undefined;
    const seconds = typeof delay === "string" ? /^(\d+(?:\.\d+)?)s$/.exec(delay)?.[1] : undefined;
    if (seconds !== undefined) return Number(seconds) * 1000;
  }
  return undefined;
}
