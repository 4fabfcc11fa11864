import { withDeadline } from "../base/deadlines.ts";

/** Runs the works for one key one after the other, in the order in which they were asked for. */
export type InTurn = <T>(key: string, work: () => Promise<T>) => Promise<T>;

/** After so long, in ms, a work no longer waits for its turn: those before it may wait for it. */
const PATIENCE_MS = 10_000;

export function createTurns(): InTurn {
  const last = new Map<string, Promise<unknown>>();
  return (key, work) => {
    const before = last.get(key);
    const result = before === undefined ? work() : waitFor(before).then(work);
    last.set(key, result);
    const forget = () => {
      if (last.get(key) === result) last.delete(key);
    };
    result.then(forget, forget);
    return result;
  };
}

/** However it ends. */
async function waitFor(before: Promise<unknown>): Promise<void> {
  const ended = before.then(
    () => {},
    () => {},
  );
  await withDeadline(() => ended, { ms: PATIENCE_MS }).catch(() => {});
}
