import { boolean, type Check, check, fields, list, optional, someFields } from "../../base/checks.ts";
import { callback, nonEmptyName } from "../../base/options.ts";

/** Valid rules of redaction: one that is misspelt would hide nothing. */
export const REDACTION: Check = someFields({
  builtIn: boolean,
  emails: boolean,
  fields: list(nonEmptyName),
  patterns: list(
    fields({
      kind: check((value) => (isKind(value) ? undefined : "must be lower-case letters, at most 40")),
      pattern: check((value) =>
        value instanceof RegExp && value.global ? undefined : "must be a regular expression with the flag g",
      ),
      accept: optional(callback),
    }),
  ),
});

function isKind(value: unknown): boolean {
  return typeof value === "string" && /^[a-z_]{1,40}$/.test(value);
}
