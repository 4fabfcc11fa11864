import { type Check, fits, list } from "../base/checks.ts";
import { UsageError } from "../base/errors.ts";
import { atOnce } from "../base/hooks.ts";
import { problemWith } from "../base/options.ts";
import { covers, PATTERN } from "./principal.ts";

/** Patterns of those to whom a question is put: at least one, and each can name somebody. */
export const ADDRESSEES: Check = list(PATTERN, 1);

/**
 * Those to whom a question is put, who must be among the `declared` ones if there are any. Throws `UsageError` where nobody could
 * be asked, instead of asking everybody, and for somebody who was not declared.
 */
export function checkAddressees(to: unknown, declared: readonly string[] = ["*:*"]): readonly string[] {
  atOnce("`to`", to);
  if (!fits<readonly string[]>(to, ADDRESSEES)) {
    const message = `the question is put to nobody who could answer it: ${problemWith(to, ADDRESSEES)}`;
    throw new UsageError("invalid_argument", message);
  }
  const beyond = to.find((pattern) => !declared.some((other) => covers(other, pattern)));
  if (beyond === undefined) return to;
  const message = `the question is put to ${beyond}; this step may only ask ${declared.join(", ")}`;
  throw new UsageError("invalid_argument", message);
}
