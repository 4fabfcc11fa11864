/**
 * What is wrong with a value, and where: `path` from the outside in. Options are checked with these few functions and not
 * with zod because they are checked at every start, where loading zod alone takes longer than opening a store; what comes
 * from outside the program is parsed with zod.
 */
export interface Misfit {
  readonly path: readonly string[];
  readonly message: string;
}

/** Lists everything that is wrong with a value; an empty list means that it fits. */
export type Check = (value: unknown) => readonly Misfit[];

/** Whether a value fits, and so has the type that the check stands for. */
export function fits<T>(value: unknown, inner: Check): value is T {
  return inner(value).length === 0;
}

/** A check that passes if `problem` returns `undefined`. */
export function check(problem: (value: unknown) => string | undefined): Check {
  return (value) => {
    const message = problem(value);
    return message === undefined ? [] : [{ path: [], message }];
  };
}

/** Accepts any value. */
export const anything: Check = () => [];

/** Accepts `undefined` as well. */
export const optional =
  (inner: Check): Check =>
  (value) =>
    value === undefined ? [] : inner(value);

/** Passes if both checks do; the second runs only if the first passes. */
export const both =
  (first: Check, second: Check): Check =>
  (value) => {
    const misfits = first(value);
    return misfits.length > 0 ? misfits : second(value);
  };

export interface Shape {
  readonly [name: string]: Check;
}

/** Passes if one of the checks does. `message` says what would fit. */
export function oneOfKinds(message: string, ...kinds: readonly Check[]): Check {
  return check((value) => (kinds.some((kind) => fits(value, kind)) ? undefined : message));
}

/** An object with these fields and no others: a misspelt name never goes unnoticed. Each may be `optional`. */
export function fields(shape: Shape): Check {
  return (value) => {
    if (!isRecord(value)) return [{ path: [], message: "must be an object" }];
    const unknown = Object.keys(value).filter((name) => !Object.hasOwn(shape, name));
    const names = unknown.map((name) => JSON.stringify(name)).join(", ");
    const message = `unknown option ${names}; known: ${Object.keys(shape).join(", ")}`;
    return [...(unknown.length === 0 ? [] : [{ path: [], message }]), ...misfitsIn(value, shape)];
  };
}

/** An object with some of these fields and no others. */
export function someFields(shape: Shape): Check {
  return fields(Object.fromEntries(Object.entries(shape).map(([name, inner]) => [name, optional(inner)])));
}

/** An object with at least these fields. */
export function fieldsAtLeast(shape: Shape): Check {
  return (value) =>
    isRecord(value) ? misfitsIn(value, shape) : [{ path: [], message: "must be an object" }];
}

function misfitsIn(value: object, shape: Shape): Misfit[] {
  return Object.entries(shape).flatMap(([name, inner]) => below(name, inner(Reflect.get(value, name))));
}

/** Any names, each with a value that fits. */
export function record(inner: Check): Check {
  return (value) =>
    isRecord(value)
      ? Object.entries(value).flatMap(([name, field]) => below(name, inner(field)))
      : [{ path: [], message: "must be an object" }];
}

/** A list of at least `atLeast` values that fit. */
export function list(inner: Check, atLeast = 0): Check {
  return (value) => {
    if (!Array.isArray(value)) return [{ path: [], message: "must be a list" }];
    if (value.length < atLeast) return [{ path: [], message: `needs at least ${atLeast}` }];
    // A hole in a list is no value of it, and does not go unnoticed.
    return Array.from(value).flatMap((one: unknown, index) => below(String(index), inner(one)));
  };
}

/** A list in which no two have the same value of a field. */
export function distinct(field: string): Check {
  return check((value) => {
    const seen = new Set<unknown>();
    for (const one of Array.isArray(value) ? value : []) {
      const name: unknown = Reflect.get(Object(one), field);
      if (seen.has(name)) return `two have the ${field} ${JSON.stringify(name)}`;
      seen.add(name);
    }
    return undefined;
  });
}

export function oneOf(values: readonly unknown[]): Check {
  return check((value) =>
    values.includes(value)
      ? undefined
      : `must be one of: ${values.map((one) => JSON.stringify(one)).join(", ")}`,
  );
}

/** A number from `min` to `max`, both included; never `NaN` or infinite. */
export function numberFrom(min: number, max: number, { whole = false } = {}): Check {
  const kind = whole ? "a whole number" : "a number";
  return check((value) => {
    const fits = Number.isFinite(value) && Number(value) >= min && Number(value) <= max;
    if (typeof value === "number" && fits && (!whole || Number.isInteger(value))) return undefined;
    return `must be ${kind} from ${min} to ${max}, not ${typeof value === "number" ? value : typeof value}`;
  });
}

export const boolean: Check = check((value) =>
  typeof value === "boolean" ? undefined : "must be true or false",
);

/** Text of at least `atLeast` characters. */
export function text(atLeast = 1): Check {
  return check((value) =>
    typeof value === "string" && value.length >= atLeast
      ? undefined
      : `must be text${atLeast > 1 ? ` of at least ${atLeast} characters` : ""}`,
  );
}

function below(name: string, misfits: readonly Misfit[]): Misfit[] {
  return misfits.map(({ path, message }) => ({ path: [name, ...path], message }));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
