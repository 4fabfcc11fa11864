import { createRequire } from "node:module";
import { parseJson } from "../../base/json.ts";

type Repair = (text: string) => string;

export interface SecondReading {
  readonly value: unknown;
  /** The repaired JSON. */
  readonly text: string;
}

let repair: Repair | undefined;

/**
 * What the second, independent repairing parser makes of a text that is not strict JSON; `undefined` if it cannot
 * repair it. Loaded when first needed, since most completions are strict.
 */
export function secondReading(text: string): SecondReading | undefined {
  repair ??= loadRepair();
  try {
    const repaired = repair(text);
    return { value: parseJson(repaired), text: repaired };
  } catch {
    return undefined;
  }
}

function loadRepair(): Repair {
  const loaded: unknown = createRequire(import.meta.url)("jsonrepair");
  const found: unknown =
    typeof loaded === "object" && loaded !== null ? Reflect.get(loaded, "jsonrepair") : undefined;
  if (typeof found !== "function") throw new TypeError("the package jsonrepair has no function jsonrepair");
  return (text) => String(Reflect.apply(found, undefined, [text]));
}
