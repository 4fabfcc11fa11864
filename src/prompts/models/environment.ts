import { UsageError } from "../../base/errors.ts";

/** The variables of an environment, e.g. `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The value of a variable; an empty one counts as not set, as in a `.env` file with blanks to fill in. */
export function set(environment: Environment, name: string): string | undefined {
  const value = environment[name]?.trim();
  return value === "" ? undefined : value;
}

/** The base URL in a variable, without a trailing slash. Throws a `UsageError` that names the variable. */
export function urlIn(environment: Environment, name: string): string | undefined {
  const value = set(environment, name);
  return value === undefined ? undefined : checkUrl(name, value);
}

/**
 * The address without a trailing slash. Throws a `UsageError` that says where it was set: in a variable or an option.
 */
export function checkUrl(where: string, url: string): string {
  // The value is not shown: it may hold a key.
  if (/^https?:\/\//i.test(url) && URL.canParse(url)) return trimSlash(url);
  const message = `${where} must be an address with its scheme, such as https://example.com/v1`;
  throw new UsageError("invalid_configuration", message, { details: { where } });
}

/** A value for a header, such as a key. Throws a `UsageError` that names the variable. */
export function valueForHeader(environment: Environment, name: string): string | undefined {
  const value = set(environment, name);
  if (value !== undefined) checkKeyText(name, value);
  return value;
}

/**
 * Throws a `UsageError` that says where the key was set, without showing it, if it holds a character no key can have.
 */
export function checkKeyText(where: string, key: string): void {
  const at = key.search(/[^\x21-\x7e]/);
  if (at < 0) return;
  const message = `${where} holds a character that no key has, at position ${at + 1}: copy it again`;
  throw new UsageError("invalid_configuration", message, { details: { where, position: at + 1 } });
}

export function trimSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
