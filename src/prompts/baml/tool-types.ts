import type { FieldType, TypeBuilder } from "@boundaryml/baml/native";
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../../base/json.ts";
import type { RunTimeTypes } from "./types.ts";

/** A tool that is known only at run time, as its server describes it. All of it is untrusted. */
export interface ToolDescription {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the arguments, an object. */
  readonly inputSchema: JsonObject;
}

/** A generated `TypeBuilder`, as far as tools need it. */
export interface ToolTypes extends RunTimeTypes {
  __tb(): TypeBuilder;
}

/** Why a tool cannot be put into BAML's types. */
class Unsupported extends Error {}

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;
const TOOL_NAME = /^[A-Za-z0-9_.-]{1,128}$/;
// What text of others may hold that stands in the prompt: no quotes, brackets or hidden characters.
const PLAIN = "\\p{L}\\p{N}\\p{Sc} .,;:!?'/%+*@#&_-";
const NOT_PLAIN = new RegExp(`[^${PLAIN}]+`, "gu");
/** A choice that is shown as it is; where there is another one, any text is taken, and the server's schema has the last word. */
const LITERAL = new RegExp(`^[${PLAIN}]{1,200}$`, "u");
const MAX_DEPTH = 6;
const MAX_FIELDS = 300;
const MAX_DESCRIPTION = 300;

/**
 * Adds tools to a dynamic class of the prompt: its field `call` is then one of `{ tool: "name", arguments: { … } }`. Returns
 * why tools had to be left out, by name; the others are in. Nothing of a description can be mistaken for the prompt's own text
 * but by what it says.
 */
export function addTools(
  types: ToolTypes,
  className: string,
  tools: readonly ToolDescription[],
): ReadonlyMap<string, string> {
  const builder = types.__tb();
  const leftOut = new Map<string, string>();
  const calls = tools.flatMap((tool, index): FieldType[] => {
    try {
      if (!TOOL_NAME.test(tool.name))
        throw new Unsupported("its name holds other than letters, digits, _ . and -");
      // Everything is looked at before anything is added.
      new SchemaReader(undefined, "", tool.inputSchema).fields(tool.inputSchema, 0);
      const reader = new SchemaReader(builder, `${className}_${index}`, tool.inputSchema);
      return [reader.call(tool)];
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error;
      leftOut.set(tool.name, error.message);
      return [];
    }
  });
  if (calls.length > 0) builder.getClass(className).property("call").setType(builder.union(calls));
  return leftOut;
}

/** What is wrong with arguments, which may repeat words of the server's schema: plain like a description, but for comparisons with numbers. */
export function plainProblem(text: string): string {
  return plainDescription(
    text.replace(
      /([<>])(=?)(?= ?-?\d)/g,
      (_, sign: string, equal: string) => COMPARED[`${sign}${equal}`] ?? "",
    ),
  );
}

const COMPARED: Readonly<Record<string, string>> = {
  "<": "under",
  "<=": "at most",
  ">": "over",
  ">=": "at least",
};

/** A description in one plain line: no quotes, brackets or hidden characters. */
export function plainDescription(text: string): string {
  return text.replace(NOT_PLAIN, " ").replace(/\s+/g, " ").trim().slice(0, MAX_DESCRIPTION).trim();
}

/** Reads one tool's schema. Without a builder it only finds out whether it can be read. */
class SchemaReader {
  readonly #builder: TypeBuilder | undefined;
  readonly #prefix: string;
  readonly #root: JsonObject;
  #classes = 0;
  #fields = 0;

  constructor(builder: TypeBuilder | undefined, prefix: string, root: JsonObject) {
    this.#builder = builder;
    this.#prefix = prefix;
    this.#root = root;
  }

  call({ name, description, inputSchema }: ToolDescription): FieldType {
    const builder = this.#builder;
    if (builder === undefined) throw new Unsupported("no types");
    const call = builder.getClass(this.#prefix);
    call
      .property("tool")
      .setType(builder.literalString(name))
      .description(plainDescription(description) || null);
    const args = this.fields(inputSchema, 0);
    if (args !== undefined) call.property("arguments").setType(args);
    return call.field();
  }

  /** An object's class; `undefined` if it has no fields, or if only looking. */
  fields(schema: JsonObject, depth: number): FieldType | undefined {
    const { properties = {}, required = [] } = schema;
    if (depth > MAX_DEPTH) throw new Unsupported(`its arguments are nested more than ${MAX_DEPTH} deep`);
    if (!isJsonObject(properties)) throw new Unsupported("its properties are no object");
    const names = Object.keys(properties);
    if (names.length === 0) return undefined;
    this.#classes += 1;
    const own = this.#builder?.getClass(`${this.#prefix}_${this.#classes}`);
    for (const name of names) {
      this.#fields += 1;
      if (this.#fields > MAX_FIELDS) throw new Unsupported(`it has more than ${MAX_FIELDS} fields`);
      if (!NAME.test(name))
        throw new Unsupported(`its field ${JSON.stringify(name.slice(0, 40))} cannot be a BAML name`);
      const field = properties[name];
      if (!isJsonObject(field)) throw new Unsupported(`its field ${name} has no schema`);
      const type = this.#type(field, depth + 1);
      const needed = isJsonArray(required) && required.includes(name);
      const { description } = field;
      if (own !== undefined && type !== undefined)
        own
          .property(name)
          .setType(needed ? type : type.optional())
          .description((typeof description === "string" && plainDescription(description)) || null);
    }
    return own?.field();
  }

  #type(given: Json | undefined, depth: number): FieldType | undefined {
    const schema = this.#resolve(given, depth);
    const { type, anyOf, oneOf, allOf } = schema;
    const choices = schema["const"] === undefined ? schema["enum"] : [schema["const"]];
    if (choices !== undefined) return this.#choice(choices);
    const several = anyOf ?? oneOf;
    if (several !== undefined && isJsonArray(several))
      return this.#union(several.map((one) => () => this.#type(one, depth + 1)));
    if (allOf !== undefined && isJsonArray(allOf) && allOf.length === 1)
      return this.#type(allOf[0], depth + 1);
    if (allOf !== undefined) throw new Unsupported("it joins several schemas with allOf");
    if (type !== undefined && isJsonArray(type))
      return this.#union(type.map((one) => () => this.#type({ ...schema, type: one }, depth + 1)));
    const builder = this.#builder;
    switch (type) {
      case "string":
        return builder?.string();
      case "integer":
        return builder?.int();
      case "number":
        return builder?.union([builder.int(), builder.float()]);
      case "boolean":
        return builder?.bool();
      case "null":
        return builder?.null();
      case "array":
        return this.#list(schema, depth);
      case "object":
        return this.fields(schema, depth) ?? builder?.map(builder.string(), this.#anything(builder));
      case undefined:
        return builder?.union([this.#anything(builder), builder.list(this.#anything(builder))]);
      default:
        throw new Unsupported(`it has a field of the unknown type ${JSON.stringify(type).slice(0, 40)}`);
    }
  }

  #list(schema: JsonObject, depth: number): FieldType | undefined {
    const { items } = schema;
    const inner = items === undefined || items === true ? undefined : this.#type(items, depth + 1);
    const builder = this.#builder;
    return builder?.list(inner ?? this.#anything(builder));
  }

  #anything(builder: TypeBuilder): FieldType {
    return builder.union([builder.string(), builder.int(), builder.float(), builder.bool()]);
  }

  #choice(choices: Json): FieldType | undefined {
    const builder = this.#builder;
    if (!isJsonArray(choices) || choices.length === 0) throw new Unsupported("it has a choice of nothing");
    return this.#union(
      choices.map((value) => () => {
        if (value === null) return builder?.null();
        if (typeof value === "boolean") return builder?.literalBool(value);
        if (typeof value === "number" && Number.isSafeInteger(value)) return builder?.literalInt(value);
        // The schema itself is checked again before the tool is called.
        if (typeof value === "string")
          return LITERAL.test(value) ? builder?.literalString(value) : builder?.string();
        throw new Unsupported("it has a choice of other than texts and whole numbers");
      }),
    );
  }

  #union(parts: readonly (() => FieldType | undefined)[]): FieldType | undefined {
    if (parts.length === 0 || parts.length > 100)
      throw new Unsupported("it has a choice of none, or of over 100");
    const types = parts.flatMap((part) => part() ?? []);
    const [only] = types;
    return types.length === 1 ? only : this.#builder?.union(types);
  }

  /** What a `$ref` within the schema stands for. */
  #resolve(schema: Json | undefined, depth: number): JsonObject {
    if (depth > MAX_DEPTH * 2)
      throw new Unsupported("its arguments are nested too deep, or contain themselves");
    if (schema === true) return {};
    if (!isJsonObject(schema)) throw new Unsupported("a part of it is no schema");
    const { $ref: reference } = schema;
    if (reference === undefined) return schema;
    const [, place, name] =
      (typeof reference === "string" && /^#\/(\$defs|definitions)\/([\w.-]+)$/.exec(reference)) || [];
    const all = place === undefined ? undefined : this.#root[place];
    const found = name !== undefined && isJsonObject(all) && Object.hasOwn(all, name) ? all[name] : undefined;
    if (found === undefined) throw new Unsupported("it refers to a schema elsewhere");
    return this.#resolve(found, depth + 1);
  }
}
