import type { Json, JsonObject } from "../../base/json.ts";
import type { OutputSchema, Schema, SchemaField } from "./output-schema.ts";

/** One allowed step: an object of the schema with a literal `intent`. */
export interface StepShape {
  readonly intent: string;
  readonly fields: readonly SchemaField[];
}

/** The steps a schema allows: its objects with a literal `intent`, even if it wants a list of them. */
export function stepShapes(schema: OutputSchema): readonly StepShape[] {
  return objectsOf(schema.root, schema, 0).flatMap((fields) => {
    const intent = fields.find((field) => field.name === "intent")?.type;
    return intent?.kind === "literal" && typeof intent.value === "string"
      ? [{ intent: intent.value, fields }]
      : [];
  });
}

function objectsOf(type: Schema, schema: OutputSchema, depth: number): StepShape["fields"][] {
  if (depth > 20) return [];
  const resolved = resolve(type, schema);
  switch (resolved.kind) {
    case "object":
      return [resolved.fields];
    case "union":
      return resolved.options.flatMap((option) => objectsOf(option, schema, depth + 1));
    case "list":
      return objectsOf(resolved.item, schema, depth + 1);
    default:
      return [];
  }
}

/** True if the schema wants a list of steps rather than one. */
export function wantsList(schema: OutputSchema): boolean {
  return resolve(schema.root, schema).kind === "list";
}

/**
 * A small valid value: the first literal or enum value, the first option of a union (`null` if allowed), empty
 * lists and maps, zero, false, and `text` for strings.
 */
export function minimalValue(type: Schema, schema: OutputSchema, text: string): Json {
  return build(type, schema, text, 0);
}

function build(type: Schema, schema: OutputSchema, text: string, depth: number): Json {
  const resolved = resolve(type, schema);
  switch (resolved.kind) {
    case "literal":
      return resolved.value;
    case "int":
    case "float":
      return 0;
    case "bool":
      return false;
    case "list":
      return [];
    case "map":
      return {};
    case "object":
      // Only a class that must hold itself gets this deep; no finite value would do.
      if (depth > 20) return null;
      return Object.fromEntries(
        resolved.fields.map((field) => [field.name, build(field.type, schema, text, depth + 1)]),
      );
    case "union": {
      const optional = depth > 0 && resolved.options.some((option) => option.kind === "null");
      return optional ? null : build(resolved.options[0] ?? { kind: "null" }, schema, text, depth + 1);
    }
    case "null":
      return null;
    case "string":
    case "named":
    case "unknown":
      return text;
  }
}

/** Follows a name to the type that it stands for. */
export function resolve(type: Schema, schema: OutputSchema): Schema {
  let resolved = type;
  for (let steps = 0; steps < 20 && resolved.kind === "named"; steps += 1) {
    resolved = schema.definitions.get(resolved.name) ?? { kind: "unknown" };
  }
  return resolved;
}

/** A step of the given shape, with these fields and minimal values for everything else that the shape requires. */
export function stepOf(shape: StepShape, given: JsonObject, schema: OutputSchema, text: string): JsonObject {
  const entries = shape.fields.flatMap(({ name, type }) => {
    const value = given[name] ?? minimalField(type, schema, text);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(entries);
}

/** Optional fields are left out. */
function minimalField(type: Schema, schema: OutputSchema, text: string): Json | undefined {
  const resolved = resolve(type, schema);
  const optional = resolved.kind === "union" && resolved.options.some((option) => option.kind === "null");
  return optional ? undefined : minimalValue(resolved, schema, text);
}
