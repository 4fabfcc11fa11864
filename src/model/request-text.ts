import { isJsonArray, isJsonObject, type Json, readJson } from "../base/json.ts";

/** A request's body as text that people can read: messages with their roles, then the rest as JSON. */
export function requestText(body: string): string {
  const json = readJson(body);
  if (json === undefined || !isJsonObject(json)) return body;
  const { messages, contents, input, ...rest } = json;
  const list = [messages, contents, input].find((value) => value !== undefined && isJsonArray(value));
  if (list === undefined || !isJsonArray(list)) return JSON.stringify(json, null, 2);
  const shown = list.map((message) => {
    if (!isJsonObject(message)) return JSON.stringify(message);
    const { role, content, parts, ...others } = message;
    const more = Object.keys(others).length === 0 ? "" : ` ${JSON.stringify(others)}`;
    return `─── ${typeof role === "string" ? role : "?"}${more} ───\n${contentText(content ?? parts ?? null)}`;
  });
  return [...shown, `─── settings ───\n${JSON.stringify(rest, null, 2)}`].join("\n");
}

function contentText(content: Json): string {
  if (typeof content === "string") return content;
  if (isJsonArray(content)) return content.map(contentText).join("\n");
  if (!isJsonObject(content)) return JSON.stringify(content);
  const { text, type: _, ...others } = content;
  return typeof text === "string" && Object.keys(others).length === 0 ? text : JSON.stringify(content);
}
