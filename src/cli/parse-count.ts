import { InvalidArgumentError } from "commander";

/** Parses an option that takes a whole number. */
export function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}
