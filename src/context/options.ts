import {
  boolean,
  both,
  fieldsAtLeast,
  list,
  numberFrom,
  oneOf,
  oneOfKinds,
  record,
  type Shape,
  someFields,
} from "../base/checks.ts";
import { callback, count, nonEmptyName, objectWith } from "../base/options.ts";
import { BUDGET_POLICIES } from "./budget/token-budget.ts";
import { TEXT_FORMATS } from "./formats/formats.ts";
import { REDACTION } from "./redaction/rules.ts";

const FORMATS = [...Object.keys(TEXT_FORMATS), "messages"];

/** What decides what a model reads. */
export const CONTEXT_OPTIONS: Shape = {
  senders: boolean,
  formatters: record(callback),
  renderResult: record(callback),
  redact: REDACTION,
  vault: objectWith("placeholderFor", "secretFor"),
  hiddenFields: list(nonEmptyName),
  echoRefused: boolean,
  untrusted: callback,
  format: oneOfKinds(
    `must be ${FORMATS.join(", ")}, a text format or a function`,
    oneOf(FORMATS),
    callback,
    objectWith("renderBlock"),
  ),
  budget: both(
    someFields({
      tokens: count,
      target: numberFrom(Number.MIN_VALUE, 1),
      keepRecent: numberFrom(0, Number.MAX_SAFE_INTEGER, { whole: true }),
      policies: list(oneOf(BUDGET_POLICIES)),
      largeResult: count,
      lookups: list(nonEmptyName),
      pointer: callback,
      countTokens: callback,
    }),
    fieldsAtLeast({ tokens: count }),
  ),
  foldErrors: boolean,
};
