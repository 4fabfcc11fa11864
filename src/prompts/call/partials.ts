import { letGo } from "../../base/hooks.ts";
import { type DeclaredType, widthOf } from "../baml/declared-type.ts";
import type { BamlFunction, RunTimeTypes } from "../baml/types.ts";
import { ALLOWANCE, costOfShape } from "../gate/allowance.ts";
import { DEFAULT_ANSWER_LIMITS, looseShape } from "../gate/limits.ts";
import { withoutThinking } from "../gate/thinking.ts";
import { branchesOf, EACH_TRY } from "../gate/tries.ts";

// Incomplete text costs the native parser as much as text in need of repair (3 s for 800 brackets that close nothing, inside a
// string too): partials are a courtesy and stop where they would become expensive.
const MAX_SEPARATORS = 200;
// A text where the type wants a number costs some milliseconds, and only trying tells. So a partial may have twice the values of
// the one before and a few more, and after some that took long there are no more.
const MORE_VALUES = 12;
const SLOW_MS = 30;
const MOST_SLOW = 2;
// The text of an intent is compared with every other one.
const MAX_CHARACTERS = 16_000;
// Reading partials may take a tenth of the time of the stream.
const REST = 9;

interface PartialOptions {
  readonly tb: RunTimeTypes | undefined;
  readonly type: DeclaredType;
}

/**
 * Turns a stream's text so far into partials for `onPartial`. Gives none for thoughts, for text that does not parse,
 * and if nothing has changed. Values are incomplete and unchecked.
 */
export function partialReader(
  fn: BamlFunction,
  { tb, type }: PartialOptions,
  onPartial: (partial: unknown) => void,
): (text: string) => void {
  const options = { tb };
  const branches = branchesOf(type);
  let notBefore = 0;
  let mostValues = MORE_VALUES;
  let slow = 0;
  let shown: string | undefined;
  return (text) => {
    const started = performance.now();
    if (started < notBefore) return;
    const partial = readPartial(text);
    const ended = performance.now();
    if (partial !== undefined && ended - started > SLOW_MS) slow += 1;
    notBefore = ended + (ended - started) * REST;
    if (partial === undefined) return;
    const now = JSON.stringify(partial.value) ?? "";
    // Most chunks end in the middle of a value, which is shown only once it is complete.
    if (now === shown) return;
    shown = now;
    // An async one is not waited for.
    letGo(onPartial(partial.value));
  };

  function readPartial(text: string): { value: unknown } | undefined {
    if (text.length > MAX_CHARACTERS || slow >= MOST_SLOW) return undefined;
    const visible = withoutThinking(text);
    if (visible.unclear || visible.tooManyTags === true || visible.text.trim() === "") return undefined;
    const loose = looseShape(visible.text, DEFAULT_ANSWER_LIMITS);
    if ("breach" in loose || loose.shape.separators > MAX_SEPARATORS) return undefined;
    const values = loose.shape.commas + loose.shape.containers;
    if (values > mostValues || costOfShape(loose.shape, widthOf(type)) > ALLOWANCE.work) return undefined;
    if (branches > 1 && EACH_TRY * (branches + 1) ** loose.shape.depth > ALLOWANCE.work) return undefined;
    mostValues = Math.max(mostValues, 2 * values + MORE_VALUES);
    try {
      return { value: fn.parseStream(visible.text, options) };
    } catch {
      return undefined;
    }
  }
}
