import { setImmediate } from "node:timers/promises";
import type { Database } from "./database.ts";
import { type Extension, extendThreads } from "./extend.ts";

/**
 * Extends a thread together with others. `false`: nothing was changed, for any of the reasons that `extendThreads` has.
 * `"unclear"`: the statement failed or its answer was lost; whether the thread was extended has to be looked up.
 */
export type ExtendTogether = (extension: Extension) => Promise<boolean | "unclear">;

/** What one statement carries at most: threads, and characters of events. */
const MOST_THREADS = 100;
const MOST_CHARACTERS = 1_000_000;

interface Waiting {
  readonly extension: Extension;
  readonly settle: (outcome: boolean | "unclear") => void;
}

/**
 * Group commit: threads that are extended at about the same time share a statement and the wait for the disk. One statement
 * at a time is under way, and takes with it what has come up meanwhile. Nobody waits for company: if there is none, the next
 * statement begins at the end of the event loop's turn.
 */
export function extendInGroups(database: Pick<Database, "attempt">): ExtendTogether {
  let waiting: Waiting[] = [];
  let sending = false;
  const send = async (): Promise<void> => {
    sending = true;
    // Who was extended mostly has more to write within the same turn.
    for (await setImmediate(); waiting.length > 0; await setImmediate()) {
      const group = takeGroup(waiting);
      waiting = waiting.slice(group.length);
      const extensions = group.map(({ extension }) => extension);
      const attempt = await database
        .attempt((query) => extendThreads(query, extensions))
        .catch(() => undefined);
      for (const { extension, settle } of group) {
        settle(attempt?.kind === "done" ? attempt.value.has(extension.before.key) : "unclear");
      }
    }
    sending = false;
  };
  return (extension) =>
    new Promise((settle) => {
      waiting.push({ extension, settle });
      if (!sending) void send();
    });
}

function takeGroup(waiting: readonly Waiting[]): readonly Waiting[] {
  let characters = 0;
  const end = waiting.findIndex(({ extension: { addition } }, index) => {
    for (const { text } of addition.events) characters += text.length;
    return index === MOST_THREADS || (index > 0 && characters > MOST_CHARACTERS);
  });
  return end === -1 ? waiting : waiting.slice(0, end);
}
