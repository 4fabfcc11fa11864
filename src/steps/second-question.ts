import { describeFidelity } from "../base/fidelity.ts";
import type { OpenCall } from "../thread/state.ts";

/** How many characters of its own words the model is shown again. */
const MAX_QUOTED = 1_000;

/**
 * The question that the model is asked, once, about a step that has effects and that it may not have meant. It shows the
 * model its own words, without the JSON, and both ways out.
 */
export function secondQuestion({ step, fidelity, said }: OpenCall): string {
  const { intent } = step;
  const because = `${intent} was not run: it is not clear that this is what you meant, because ${describeFidelity(fidelity)}.`;
  const words = said === null ? undefined : (said.withoutJson ?? said.text);
  const ways =
    `If ${intent} is to run now, exactly as it stands, answer with its JSON alone and nothing else. ` +
    "Otherwise answer with the JSON of the step that says what you meant instead.";
  return words === undefined || words === ""
    ? `${because} ${ways}`
    : `${because} You wrote, with [JSON] where the JSON stood:\n${quoteWords(words)}\n${ways}`;
}

function quoteWords(words: string): string {
  return words.length <= MAX_QUOTED ? words : `${words.slice(0, MAX_QUOTED - 1).toWellFormed()}…`;
}
