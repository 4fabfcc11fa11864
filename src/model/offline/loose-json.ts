import { isJsonArray, isJsonObject, type Json } from "../../base/json.ts";

/** Ways in which chat models write JSON; the offline model uses them in turn. All of them parse to the same value. */
export type JsonStyle = "plain" | "fenced" | "trailing_comma" | "unquoted_keys";

export const JSON_STYLES: readonly JsonStyle[] = ["plain", "fenced", "trailing_comma", "unquoted_keys"];

/**
 * A value as a chat model would write it. Every comma is followed by white space, because BAML's parser otherwise loses
 * the field after an unquoted number.
 */
export function looseJson(value: Json, style: JsonStyle): string {
  switch (style) {
    case "plain":
      return write(value, { quoteKeys: true, trailingComma: false }, "");
    case "fenced":
      return `\`\`\`json\n${write(value, { quoteKeys: true, trailingComma: false }, "")}\n\`\`\``;
    case "trailing_comma":
      return write(value, { quoteKeys: true, trailingComma: true }, "");
    case "unquoted_keys":
      return write(value, { quoteKeys: false, trailingComma: false }, "");
  }
}

interface Layout {
  readonly quoteKeys: boolean;
  readonly trailingComma: boolean;
}

function write(value: Json, layout: Layout, indent: string): string {
  const inner = `${indent}  `;
  const end = layout.trailingComma ? ",\n" : "\n";
  if (isJsonArray(value)) {
    if (value.length === 0) return "[]";
    const items = value.map((item) => inner + write(item, layout, inner));
    return `[\n${items.join(",\n")}${end}${indent}]`;
  }
  if (!isJsonObject(value)) return JSON.stringify(value);
  const fields = Object.entries(value).map(([key, item]) => {
    const bare = !layout.quoteKeys && /^[A-Za-z_]\w*$/.test(key);
    return `${inner}${bare ? key : JSON.stringify(key)}: ${write(item, layout, inner)}`;
  });
  return fields.length === 0 ? "{}" : `{\n${fields.join(",\n")}${end}${indent}}`;
}
