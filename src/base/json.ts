/** A value that survives `JSON.parse(JSON.stringify(value))` unchanged. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

/**
 * Any value as JSON, never throwing: what JSON cannot hold becomes a short, stable stand-in.
 *
 * `Date` → ISO text, `bigint` → decimal text, `NaN` and infinities → their names as text, functions and symbols →
 * `"[function name]"`, binary data → `"[N bytes]"`, an `Error` → `{name, message}`, `Map` → object or entries,
 * `Set` → array, a cycle → `"[circular]"`. Properties that are `undefined` are left out; `undefined` itself is `null`.
 * A getter or `toJSON` that throws becomes `"[unreadable]"`.
 */
export function toJson(value: unknown): Json {
  return tryCopy(value) ?? convert(value, new Set(), 0);
}

/** Fields of which some may be `undefined`, without those. */
export type Defined<Fields> = {
  [Name in keyof Fields as undefined extends Fields[Name] ? never : Name]: Fields[Name];
} & {
  [Name in keyof Fields as undefined extends Fields[Name] ? Name : never]?: Exclude<Fields[Name], undefined>;
};

/** The fields that are there, as JSON and stored data have them. */
export function dropUndefined<Fields extends object>(fields: Fields): Defined<Fields> {
  const there = Object.create(Object.prototype);
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) there[name] = value;
  return there;
}

function tryCopy(value: unknown): Json | undefined {
  try {
    return copyPlain(value, 0);
  } catch {
    return undefined;
  }
}

/** Deeper than that, it may be a cycle. */
const PLAIN_DEPTH = 50;

/** A copy of what is JSON already, as nearly everything is; `undefined` if anything in it is not. Half of the work, or less. */
function copyPlain(value: unknown, depth: number): Json | undefined {
  if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
  // Adding makes 0 of -0.
  if (typeof value === "number") return Number.isFinite(value) ? value + 0 : undefined;
  if (typeof value !== "object" || depth >= PLAIN_DEPTH) return undefined;
  if (Array.isArray(value)) return copyList(value, depth + 1);
  return isPlainObject(value) ? copyFields(value, depth + 1) : undefined;
}

function isPlainObject(value: object): value is Readonly<Record<string, unknown>> {
  return Object.getPrototypeOf(value) === Object.prototype && !("toJSON" in value);
}

function copyList(list: readonly unknown[], depth: number): Json | undefined {
  const result: Json[] = [];
  for (const item of list) {
    const copy = copyPlain(item, depth);
    if (copy === undefined) return undefined;
    result.push(copy);
  }
  return result;
}

function copyFields(fields: Readonly<Record<string, unknown>>, depth: number): Json | undefined {
  const result: Record<string, Json> = {};
  for (const key of Object.keys(fields)) {
    const value = fields[key];
    if (value === undefined) continue;
    const copy = key === "__proto__" ? undefined : copyPlain(value, depth);
    if (copy === undefined) return undefined;
    result[key] = copy;
  }
  return result;
}

const MAX_DEPTH = 200;

function convert(value: unknown, path: Set<object>, depth: number): Json {
  switch (typeof value) {
    case "string":
      return value;
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? (Object.is(value, -0) ? 0 : value) : String(value);
    case "bigint":
      return value.toString();
    case "undefined":
      return null;
    case "function":
      return `[function ${value.name || "anonymous"}]`;
    case "symbol":
      return `[${value.toString()}]`;
    case "object":
      return value === null ? null : convertObject(value, path, depth);
    default:
      return null;
  }
}

function convertObject(value: object, path: Set<object>, depth: number): Json {
  if (path.has(value)) return "[circular]";
  if (depth >= MAX_DEPTH) return "[too deep]";
  path.add(value);
  try {
    return convertKnown(value, path, depth + 1);
  } catch {
    return "[unreadable]";
  } finally {
    path.delete(value);
  }
}

function convertKnown(value: object, path: Set<object>, depth: number): Json {
  if (Array.isArray(value)) return Array.from(value, (item) => convert(item, path, depth));
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "[invalid date]" : value.toISOString();
  if (value instanceof Error) return { name: value.name, message: value.message };
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (value instanceof Set) return Array.from(value, (item) => convert(item, path, depth));
  if (value instanceof Map) {
    const entries = [...value];
    return entries.every(([key]) => typeof key === "string")
      ? fromEntries(entries, path, depth)
      : entries.map(([key, item]) => [convert(key, path, depth), convert(item, path, depth)]);
  }
  if ("toJSON" in value && typeof value.toJSON === "function") return convert(value.toJSON(), path, depth);
  if (value instanceof RegExp || value instanceof URL) return String(value);
  if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet) {
    return `[${value.constructor.name}]`;
  }
  return fromEntries(Object.entries(value), path, depth);
}

function fromEntries(
  entries: Iterable<readonly [string, unknown]>,
  path: Set<object>,
  depth: number,
): JsonObject {
  const result: Record<string, Json> = {};
  for (const [key, item] of entries)
    if (item !== undefined) setField(result, key, convert(item, path, depth));
  return result;
}

function setField(object: Record<string, Json>, key: string, value: Json): void {
  // As an own key it must stay data. Defining a property takes several times as long as setting it.
  if (key === "__proto__") {
    Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
  } else object[key] = value;
}

/** The object with each value mapped, in the same order, without those that become `undefined`. */
export function mapFields(
  fields: JsonObject,
  map: (value: Json, name: string) => Json | undefined,
): JsonObject {
  const result: Record<string, Json> = {};
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    const mapped = value === undefined ? undefined : map(value, name);
    if (mapped !== undefined) setField(result, name, mapped);
  }
  return result;
}

/**
 * False only if the JSON text of the value surely has at most `limit` characters; reads no more than it must. Much
 * cheaper than the text itself.
 */
export function mayExceed(value: Json, limit: number): boolean {
  return charactersLeft(value, limit) < 0;
}

/** `left` less the most characters that the value can take as JSON text; negative once they are used up. */
function charactersLeft(value: Json, left: number): number {
  // An escape (`\u0000`) has six characters, and no number more than 25.
  if (typeof value === "string") return left - 6 * value.length - 2;
  if (typeof value !== "object" || value === null) return left - 25;
  let rest = left - 2;
  if (isJsonArray(value)) {
    for (const item of value) {
      rest = charactersLeft(item, rest - 1);
      if (rest < 0) return rest;
    }
    return rest;
  }
  for (const key of Object.keys(value)) {
    rest = charactersLeft(value[key] ?? null, rest - 6 * key.length - 4);
    if (rest < 0) return rest;
  }
  return rest;
}

/**
 * JSON text with object keys in code-unit order and no white space: equal values give equal text in every process.
 * The basis of every digest (RFC 8785 in spirit; numbers are printed as `JSON.stringify` prints them).
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (isJsonArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const fields = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] ?? null)}`);
  return `{${fields.join(",")}}`;
}

/** `Array.isArray` that narrows `Json` to its array form. */
export function isJsonArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** True for a JSON object, false for arrays, `null` and scalars. */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// A key of an object that holds an escape, or looks like one of those that stand in for such keys. Strings in lists have no
// colon after them, and inside a string no quote stands without a backslash: nothing but keys matches.
const ESCAPED_KEY = /(?<=[{,]\s*)"([^"\\]*(?:\\.[^"\\]*)+|k\d+)"(?=\s*:)/gs;
const STAND_IN = /^k\d+$/;

/**
 * `JSON.parse` whose keys are right. V8 takes a key with an escape for one that it has met at that place before: after
 * `{"a":1,"\\":1}` it reads `{"a":1,"\n":1}` with a backslash for the line break (seen on Node 24). Everything whose
 * keys come from others is read with this. Throws `SyntaxError` like `JSON.parse`; that it is a `T` is not checked.
 */
export function parseJson<T = Json>(text: string): T {
  const value: T = JSON.parse(text);
  if (!text.includes("\\") || text.search(ESCAPED_KEY) < 0) return value;
  const standIns = new Map<string, string>();
  const names: string[] = [];
  const plain = text.replace(ESCAPED_KEY, (_, inside: string) => {
    const key = inside.includes("\\") ? String(JSON.parse(`"${inside}"`)) : inside;
    // Most are escaped for no need, as by programs that write ASCII only.
    if (JSON.stringify(key).length === key.length + 2 && !STAND_IN.test(key)) return `"${key}"`;
    const known = standIns.get(key);
    if (known !== undefined) return known;
    const standIn = `"k${names.push(key) - 1}"`;
    standIns.set(key, standIn);
    return standIn;
  });
  const parsed: T = JSON.parse(plain);
  if (names.length > 0) putBack(parsed, names);
  return parsed;
}

/** The value of a JSON text, with right keys; `undefined` if the text is no JSON. */
export function readJson(text: string): Json | undefined {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** Gives keys back their names, in place: what was just parsed is nobody else's. Without recursion, at any depth. */
function putBack(root: unknown, names: readonly string[]): void {
  const open: unknown[] = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== "object" || value === null) continue;
    for (const item of Object.values(value)) if (typeof item === "object") open.push(item);
    if (Array.isArray(value) || !Object.keys(value).some((key) => STAND_IN.test(key))) continue;
    // All keys are set anew, so that they keep their order.
    const entries = Object.entries(value);
    for (const [key] of entries) Reflect.deleteProperty(value, key);
    for (const [key, item] of entries) {
      const name = STAND_IN.test(key) ? (names[Number(key.slice(1))] ?? key) : key;
      Object.defineProperty(value, name, {
        value: item,
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
  }
}
