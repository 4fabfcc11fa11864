import {
  anything,
  boolean,
  both,
  type Check,
  check,
  fieldsAtLeast,
  list,
  type Misfit,
  numberFrom,
  oneOf,
  oneOfKinds,
  optional,
  record,
  type Shape,
  text,
} from "../../base/checks.ts";
import { SEVERITIES } from "./dataset.ts";
import { PREDICATE } from "./predicate.ts";

/*
 * The valid shape of a dataset. A misspelt name never goes unnoticed: an expectation that nobody checks would always hold.
 */

const names = oneOfKinds("must be a name or a list of names", text(), list(text(), 1));

const EXPECTATIONS: Shape = {
  intent: names,
  fields: record(PREDICATE),
  grade: oneOf(["exact", "tolerant", "doubtful"]),
  checks: oneOfKinds('must be "all" or a list of names', oneOf(["all"]), list(text(), 1)),
  judge: names,
  anyOf: (value) => list(EXPECTATION, 1)(value),
  not: (value) => EXPECTATION(value),
  steps: (value) => list(EXPECTATION, 1)(value),
  anyStep: (value) => EXPECTATION(value),
};

const EXPECTATION: Check = both(
  some("expectation", EXPECTATIONS),
  check((value) =>
    Object.keys(Object(value)).length > 0
      ? undefined
      : `expects nothing: name one of ${Object.keys(EXPECTATIONS).join(", ")}`,
  ),
);

const OUTCOMES = ["result", "error", "answer", "denied", "finished"] as const;

const HAPPENING: Check = both(
  some("field", {
    message: text(),
    event: text(),
    payload: anything,
    prefetched: text(),
    step: fieldsAtLeast({ intent: text() }),
    result: anything,
    error: text(),
    answer: text(),
    denied: text(),
    finished: anything,
  }),
  check((value) => {
    const has = (name: string) => Object.hasOwn(Object(value), name);
    const kinds = ["message", "event", "step", "prefetched"].filter(has);
    if (kinds.length !== 1) return "must be one of message, event, step or prefetched";
    const outcomes = OUTCOMES.filter(has);
    if (kinds[0] === "step" && outcomes.length !== 1) return `a step needs one of ${OUTCOMES.join(", ")}`;
    return undefined;
  }),
);

/** One case. */
export const CASE: Check = both(
  some("option", {
    name: text(),
    agent: text(),
    severity: oneOf(SEVERITIES),
    message: text(),
    thread: (value) => (typeof value === "string" ? text()(value) : list(HAPPENING, 1)(value)),
    events: list(anything, 1),
    at: numberFrom(1, Number.MAX_SAFE_INTEGER, { whole: true }),
    expect: anything,
    knownFailure: text(),
    note: text(0),
    review: boolean,
  }),
  (value) => {
    const has = (name: string) => Object.hasOwn(Object(value), name);
    const ways = ["message", "thread", "events"].filter(has);
    if (ways.length !== 1) return [{ path: [], message: "needs one of message, thread or events" }];
    if (!has("expect")) return [{ path: [], message: "has no expect, so that it would always pass" }];
    return EXPECTATION(Reflect.get(Object(value), "expect")).map(below("expect"));
  },
);

/** What stands above the cases and applies to all of them. */
export const HEADER: Check = some("option", {
  agent: text(),
  severity: oneOf(SEVERITIES),
  cases: list(anything, 1),
});

/** An object with some of these fields; an unknown name is reported at its own place. */
function some(what: string, shape: Shape): Check {
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return [{ path: [], message: "must be an object" }];
    }
    return Object.entries(value).flatMap(([name, one]: [string, unknown]): Misfit[] => {
      const inner = Object.hasOwn(shape, name) ? shape[name] : undefined;
      if (inner !== undefined) return optional(inner)(one).map(below(name));
      const message = `unknown ${what} ${JSON.stringify(name)}; known: ${Object.keys(shape).join(", ")}`;
      return [{ path: [name], message }];
    });
  };
}

function below(name: string): (misfit: Misfit) => Misfit {
  return ({ path, message }) => ({ path: [name, ...path], message });
}
