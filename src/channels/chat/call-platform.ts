import { limitTime } from "../../base/deadlines.ts";

const TIMEOUT_MS = 10_000;

export interface PlatformCall {
  readonly method: "POST" | "PUT" | "PATCH" | "GET";
  readonly body?: object | URLSearchParams | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Calls the API of a platform and gives its JSON answer. Throws an `Error` that says what the platform has answered; the address is
 * not in it, because it may hold a token.
 */
export async function callPlatform(what: string, url: URL, call: PlatformCall): Promise<unknown> {
  const { method, body, headers, signal } = call;
  const isForm = body instanceof URLSearchParams;
  const response = await fetch(url, {
    method,
    redirect: "error",
    signal: limitTime(TIMEOUT_MS, signal),
    headers: { ...(body === undefined || isForm ? {} : { "content-type": "application/json" }), ...headers },
    body: body === undefined || isForm ? (body ?? null) : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${what}: ${response.status} ${text.slice(0, 300)}`);
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    throw new Error(`${what}: the answer is no JSON`);
  }
}
