import type { Agent } from "../agent/agent.ts";
import type { StoreJournal } from "./store-journal.ts";
import { tellNews } from "./tell-news.ts";
import { tellPeople } from "./tell-people.ts";
import { createUpdates } from "./tell-updates.ts";
import { recordTold, type TellingOptions, Tellings } from "./tellings.ts";

/** Tells people over all channels while a worker holds the thread. Nothing waits for a channel that takes long. */
export interface Telling {
  /** Before each step of a run: records what has been told, and tells how the run goes on and what has become of requests. */
  tell(): Promise<void>;
  /** With nothing else to do: also tells of the request that waits for people. */
  tellAtRest(): Promise<void>;
  /** Resolves when the next channel has been told, which is then to be recorded; `undefined` if all have been. */
  next(): Promise<void> | undefined;
}

export function createTelling(
  journal: StoreJournal,
  agent: Agent,
  { channels, store, clock, people }: Pick<TellingOptions, "channels" | "store" | "clock" | "people">,
  signal: AbortSignal,
): Telling {
  const tellings = new Tellings();
  const options: TellingOptions = { journal, agent, channels, store, clock, people, signal, tellings };
  const updates = createUpdates(options);
  return {
    async tell() {
      await recordTold(options);
      await updates.tell();
      await tellNews(options);
    },
    async tellAtRest() {
      await recordTold(options);
      await updates.tell(true);
      await tellNews(options);
      await tellPeople(options);
    },
    next() {
      if (tellings.hasEnded()) return Promise.resolve();
      return tellings.size === 0 ? undefined : tellings.next();
    },
  };
}
