import { boolean, type Check, check, fields, list, optional, someFields, text } from "../../base/checks.ts";
import { callback, nonEmptyName } from "../../base/options.ts";

/** Valid rules of redaction: one that is misspelt would hide nothing. */
export const REDACTION: Check = someFields({
  builtIn: boolean,
  emails: boolean,
  fields: list(nonEmptyName),
  patterns: list(
    fields({
      kind: text(),
      pattern: check((value) => (value instanceof RegExp ? undefined : "must be a regular expression")),
      accept: optional(callback),
    }),
  ),
});
