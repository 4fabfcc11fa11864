import type { ModelServer } from "../../src/model/index.ts";

/** A chat request with one user message. */
export function chatBody(content: string, more: object = {}): string {
  return JSON.stringify({ model: "any", messages: [{ role: "user", content }], ...more });
}

/** Sends a chat request; the response as it came. */
export function post(
  model: Pick<ModelServer, "url">,
  body: string,
  init: RequestInit = {},
): Promise<Response> {
  return fetch(`${model.url}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer sk-secret-0123456789" },
    ...init,
    body,
  });
}

/** The text of a completion's body. */
export function contentOf(body: string): string {
  const content: string = JSON.parse(body).choices[0].message.content;
  return content;
}

/** Asks one question; the completion's text. */
export async function ask(model: Pick<ModelServer, "url">, content: string): Promise<string> {
  return contentOf(await (await post(model, chatBody(content))).text());
}
