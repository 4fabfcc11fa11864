import type { BamlFunction, RunTimeTypes } from "../baml/types.ts";
import { shapeOf } from "../gate/scan.ts";
import { withoutThinking } from "../gate/thinking.ts";

// Incomplete text costs the native parser far more than complete JSON (the cube of the open brackets): partials are a
// courtesy and stop where they would become expensive.
const MAX_DEPTH = 12;
const MAX_CONTAINERS = 100;
const MAX_SEPARATORS = 200;
const MAX_CHARACTERS = 100_000;
// Reading partials may take a tenth of the time of the stream.
const REST = 9;

/**
 * Turns a stream's text so far into partials for `onPartial`. Gives none for thoughts, for text that does not parse,
 * and if nothing has changed. Values are incomplete and unchecked.
 */
export function partialReader(
  fn: BamlFunction,
  tb: RunTimeTypes | undefined,
  onPartial: (partial: unknown) => void,
): (text: string) => void {
  const options = { tb };
  let notBefore = 0;
  let shown: string | undefined;
  return (text) => {
    const started = performance.now();
    if (started < notBefore) return;
    const partial = readPartial(text);
    const ended = performance.now();
    notBefore = ended + (ended - started) * REST;
    if (partial === undefined) return;
    const now = JSON.stringify(partial.value) ?? "";
    // Most chunks end in the middle of a value, which is shown only once it is complete.
    if (now === shown) return;
    shown = now;
    onPartial(partial.value);
  };

  function readPartial(text: string): { value: unknown } | undefined {
    if (text.length > MAX_CHARACTERS) return undefined;
    const visible = withoutThinking(text);
    if (visible.unclear || visible.text.trim() === "") return undefined;
    const { depth, containers, separators } = shapeOf(visible.text, false);
    if (depth > MAX_DEPTH || containers > MAX_CONTAINERS || separators > MAX_SEPARATORS) return undefined;
    try {
      return { value: fn.parseStream(visible.text, options) };
    } catch {
      return undefined;
    }
  }
}
