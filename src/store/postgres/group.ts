import { setImmediate } from "node:timers/promises";

export interface GroupOptions<Item> {
  /** What one group holds at most, by the sum of weights; a single heavier item is a group of its own. */
  readonly most: number;
  /** Default: each item weighs 1. */
  readonly weight?: ((item: Item) => number) | undefined;
}

/**
 * Group commit: what is asked for at about the same time is done together, and shares a statement and the wait for the disk.
 * One group at a time is under way, and the next takes what has come up meanwhile. Nobody waits for company: if there is none,
 * a group begins at the end of the event loop's turn. `work` gives the outcomes in order; if it rejects, all of its group do.
 */
export function inGroups<Item, Outcome>(
  work: (group: readonly Item[]) => Promise<readonly Outcome[]>,
  { most, weight = () => 1 }: GroupOptions<Item>,
): (item: Item) => Promise<Outcome> {
  let waiting: (PromiseWithResolvers<Outcome> & { readonly item: Item })[] = [];
  let busy = false;
  const takeGroup = () => {
    let sum = 0;
    const end = waiting.findIndex(({ item }, index) => {
      sum += weight(item);
      return index > 0 && sum > most;
    });
    const group = end === -1 ? waiting : waiting.slice(0, end);
    waiting = end === -1 ? [] : waiting.slice(end);
    return group;
  };
  const doAll = async (): Promise<void> => {
    busy = true;
    // Whoever is served mostly asks for more within the same turn.
    for (await setImmediate(); waiting.length > 0; await setImmediate()) {
      const group = takeGroup();
      try {
        const outcomes = await work(group.map(({ item }) => item));
        for (const [index, outcome] of outcomes.entries()) group[index]?.resolve(outcome);
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    busy = false;
  };
  return (item) => {
    const asked = Promise.withResolvers<Outcome>();
    waiting.push({ ...asked, item });
    if (!busy) void doAll();
    return asked.promise;
  };
}
