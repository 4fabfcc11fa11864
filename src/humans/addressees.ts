import { type Check, fits, list } from "../base/checks.ts";
import { UsageError } from "../base/errors.ts";
import { problemWith } from "../base/options.ts";
import { PATTERN } from "./principal.ts";

/** Patterns of those to whom a question is put: at least one, and each can name somebody. */
export const ADDRESSEES: Check = list(PATTERN, 1);

/** Those to whom a question is put. Throws `UsageError` where nobody could be asked, instead of asking everybody. */
export function checkAddressees(to: unknown): readonly string[] {
  if (fits<readonly string[]>(to, ADDRESSEES)) return to;
  const message = `the question is put to nobody who could answer it: ${problemWith(to, ADDRESSEES)}`;
  throw new UsageError("invalid_argument", message);
}
