import { shapeOf } from "../prompts/gate/scan.ts";
import { RequestError } from "./errors.ts";

// As deep as what is stored may be.
const MAX_DEPTH = 200;
const MAX_NUMBER = 1_000;

/**
 * Throws a `RequestError` 413 for a JSON body that would take long to read: one with too many values, or nested too deep.
 * They are counted without being read.
 */
export function requireModestJson(body: string, maxValues: number): void {
  const shape = shapeOf(body, true, {
    depth: MAX_DEPTH,
    arrays: MAX_DEPTH,
    containers: maxValues,
    commas: maxValues,
    number: MAX_NUMBER,
    key: Number.POSITIVE_INFINITY,
    signs: Number.POSITIVE_INFINITY,
  });
  if (shape.depth > MAX_DEPTH)
    throw new RequestError(413, `a body is nested at most ${MAX_DEPTH} levels deep`);
  if (shape.number > MAX_NUMBER) {
    throw new RequestError(413, `a number in a body has at most ${MAX_NUMBER} characters`);
  }
  if (shape.containers + shape.commas > maxValues) {
    throw new RequestError(413, `a body holds at most ${maxValues} values`);
  }
}
