import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../../base/json.ts";

/** Where the keys of an object are names of the server's own, not words of JSON Schema. */
const NAMES: ReadonlySet<string> = new Set(["properties", "$defs", "definitions", "dependentSchemas"]);
/** Values, which are no schemas. */
const VALUES: ReadonlySet<string> = new Set(["enum", "const", "default", "examples"]);
const PATTERNS: ReadonlySet<string> = new Set(["pattern", "patternProperties"]);

/**
 * The schema without regular expressions: those of a server could hold the process for ever on arguments that a model wrote. The
 * server checks them itself.
 */
export function withoutPatterns(schema: JsonObject): JsonObject {
  const open = Object.hasOwn(schema, "patternProperties");
  return Object.fromEntries(
    Object.entries(schema).flatMap(([word, value]): [string, Json][] => {
      // What only a pattern allowed must not be refused for want of it.
      if (PATTERNS.has(word) || (open && word === "additionalProperties")) return [];
      if (VALUES.has(word)) return [[word, value]];
      if (NAMES.has(word) && isJsonObject(value)) return [[word, mapValues(value)]];
      return [[word, inside(value)]];
    }),
  );
}

function mapValues(schemas: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(schemas).map(([name, value]) => [name, inside(value)]));
}

function inside(value: Json): Json {
  if (isJsonArray(value)) return value.map(inside);
  return isJsonObject(value) ? withoutPatterns(value) : value;
}
