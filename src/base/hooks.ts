import { UsageError } from "./errors.ts";

/*
 * How functions that others give us are called where nothing waits for them. An async one fits in where a type says `void`, and
 * programs without types can give one anywhere: if its promise is let go, a rejection ends the process.
 */

/** Calls a function whose outcome is nobody's business here: what it throws, or its promise rejects with, is dropped. */
export function callQuietly(call: () => unknown): void {
  try {
    letGo(call());
  } catch {
    // Its fault is not that of whatever it is told of.
  }
}

/**
 * The value of a function that must give it at once; `name` says which. Throws `UsageError` (`invalid_configuration`) for a promise:
 * it would count as a value, as a yes for one.
 */
export function atOnce<T>(name: string, value: T): T {
  if (!letGo(value)) return value;
  const message = `${name} gave a promise: it must give its value at once`;
  throw new UsageError("invalid_configuration", message);
}

/** Lets a promise fail without anybody who waits for it. Whether it was one. */
export function letGo(value: unknown): boolean {
  if (typeof value !== "object" || value === null || !("then" in value)) return false;
  if (typeof value.then !== "function") return false;
  Promise.resolve(value).catch(() => {});
  return true;
}
