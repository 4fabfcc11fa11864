import { InvalidArgumentError } from "commander";

/** Reads a whole number of an option. */
export function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}
