import type { Move } from "../domain.ts";
import type { Turn } from "../turns.ts";

/**
 * What the offline model does with steps of no domain it knows: it says what it is and asks, once; when that was
 * answered, or when no person is in the thread, it finishes. It never calls a tool whose meaning it does not know.
 */
export function generalMove(turns: readonly Turn[], askIntents: ReadonlySet<string>): Move {
  const personWrote = turns.some((turn) => turn.kind === "said");
  const asked = turns.some((turn) => turn.kind === "step" && askIntents.has(turn.intent));
  if (personWrote && !asked) {
    return {
      kind: "ask",
      text: "The built-in offline model understands only the tasks of the reference agents. What should happen next?",
    };
  }
  return {
    kind: "finish",
    text: "The built-in offline model cannot work on this. Configure a real model to go on.",
  };
}
