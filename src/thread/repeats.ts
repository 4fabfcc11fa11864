import { digestOf } from "../base/digest.ts";
import type { Json } from "../base/json.ts";
import { withoutReasons } from "./reasons.ts";
import type { OpenCall, ThreadState } from "./state.ts";

/** How the latest steps repeat earlier ones, each with the same outcome. */
export interface Repeats {
  /** The latest step with its outcome, as a digest; empty if there is none since somebody last looked. */
  readonly key: string;
  /** How often in a row it came. */
  readonly count: number;
  /** The two before it, the newer one first. */
  readonly before: readonly string[];
  /** How many in a row were the same as the second, and as the third, before each of them. */
  readonly same: readonly [second: number, third: number];
}

export const NO_REPEATS: Repeats = { key: "", count: 0, before: [], same: [0, 0] };

/** Several steps in turn that repeat themselves. */
export interface Round {
  /** How many steps it has: 1, 2 or 3. */
  readonly steps: number;
  /** How often in a row it came whole. */
  readonly times: number;
}

/** The repeats after a step with its outcome. */
export function repeatsAfter({ repeats }: ThreadState, { step }: OpenCall, outcome: Json): Repeats {
  const key = digestOf([withoutReasons(step), outcome]);
  const [second, third] = repeats.before;
  return {
    key,
    count: key === repeats.key ? repeats.count + 1 : 1,
    before: [repeats.key, ...repeats.before].filter((earlier) => earlier !== "").slice(0, 2),
    same: [key === second ? repeats.same[0] + 1 : 0, key === third ? repeats.same[1] + 1 : 0],
  };
}

/** The shortest round that came `limit` times or more. A thread of an earlier release sees rounds of one step only. */
export function repeatedRound(
  { repeats, isEarlier }: Pick<ThreadState, "repeats" | "isEarlier">,
  limit: number,
): Round | undefined {
  const { count, same } = repeats;
  const rounds = [
    { steps: 1, times: count },
    ...(isEarlier ? [] : same.map((run, index) => roundOf(index + 2, run))),
  ];
  return rounds.find(({ times }) => times > 0 && times >= limit);
}

function roundOf(steps: number, run: number): Round {
  return { steps, times: run === 0 ? 0 : Math.floor(run / steps) + 1 };
}
