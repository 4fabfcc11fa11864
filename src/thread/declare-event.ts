import type { Json, JsonObject } from "../base/json.ts";

type Kind = "string" | "number" | "boolean" | "array" | "object" | "json";

type KindOf<Value> = Json extends Value
  ? "json"
  : [Value] extends [string]
    ? "string"
    : [Value] extends [number]
      ? "number"
      : [Value] extends [boolean]
        ? "boolean"
        : [Value] extends [readonly unknown[]]
          ? "array"
          : "object";

/** The fields that are not optional, each with the kind of JSON value that it is. */
type RequiredFields<Data> = {
  readonly [K in keyof Data as Record<never, never> extends Pick<Data, K> ? never : K]-?: KindOf<Data[K]>;
};

/** Brings the data of one version to the next one. Pure; must accept everything that version ever wrote. */
export type Upcast = (data: JsonObject) => JsonObject;

declare const dataType: unique symbol;

/** How a type of event is declared. */
export interface EventDeclaration<Data = unknown> {
  /** The version of the data that this version of the package writes. */
  readonly version: number;
  readonly required: Readonly<Record<string, Kind>>;
  /** The first brings version 1 to version 2, and so on up to `version`. */
  readonly upcasts: readonly Upcast[];
  readonly [dataType]?: Data;
}

/** What the data of a declared event holds. */
export type DataOf<Declaration> = Declaration extends EventDeclaration<infer Data> ? Data : never;

/**
 * Declares a type of event: the fields that its data must have, and one upcast for each earlier version. To change the
 * data, change the type and add an upcast; the version counts itself.
 */
export function event<Data extends object>(
  required: RequiredFields<Data>,
  upcasts: readonly Upcast[] = [],
): EventDeclaration<Data> {
  return { version: upcasts.length + 1, required, upcasts };
}

/** The name of a required field that is missing or of the wrong kind, or `undefined` when all are there. */
export function misfit(
  { required }: EventDeclaration,
  data: Readonly<Record<string, unknown>>,
): string | undefined {
  for (const field of Object.keys(required)) {
    if (!Object.hasOwn(data, field) || !fits(required[field] ?? "json", data[field])) return field;
  }
  return undefined;
}

function fits(kind: Kind, value: unknown): boolean {
  if (kind === "json") return value !== undefined;
  if (kind === "number") return Number.isFinite(value);
  if (kind === "array") return Array.isArray(value);
  if (kind === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return typeof value === kind;
}
