import { isJsonObject, type Json, type JsonObject, toJson } from "../../base/json.ts";

/** What the step calls: a dynamic class has its fields from the model. */
function callIn(step: object): JsonObject {
  const json = toJson(step);
  const call = isJsonObject(json) ? json["call"] : undefined;
  return isJsonObject(call) ? call : {};
}

/** The name of the tool that the step calls; empty if it names none. */
export function nameIn(step: object): string {
  const { tool: name } = callIn(step);
  return typeof name === "string" ? name : "";
}

/** The arguments without fields that the model left out: a schema may not know `null`. */
export function argumentsIn(step: object): JsonObject {
  const { arguments: given } = callIn(step);
  return isJsonObject(given) ? withoutNulls(given) : {};
}

function withoutNulls(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).flatMap(([name, value]) =>
      value === null ? [] : [[name, isJsonObject(value) ? withoutNulls(value) : value]],
    ),
  );
}

/** What a tool returned, as data: structured content, or else its texts. Anything else is only named. */
export function resultOf({
  content,
  structuredContent,
}: {
  readonly content: readonly unknown[];
  readonly structuredContent?: unknown;
}): Json {
  if (structuredContent !== undefined) return toJson(structuredContent);
  const parts = content.map((part) => {
    const json = toJson(part);
    if (!isJsonObject(json)) return "";
    const { type, text: words } = json;
    return type === "text" && typeof words === "string"
      ? words
      : `[${typeof type === "string" ? type : "something"} that is not shown]`;
  });
  return parts.join("\n");
}
