import { InvalidArgumentError } from "commander";

/** Parses an option that takes a whole number. */
export function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

/** The same from 1 up: of none there would be nothing to do. */
export function parsePositiveCount(text: string): number {
  const count = parseCount(text);
  if (count === 0) throw new InvalidArgumentError("It must be at least 1.");
  return count;
}
