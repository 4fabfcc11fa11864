import type { KeptResults } from "../loop/effect.ts";
import type { ThreadStore } from "../store/store.ts";

/** Keeps the results of read-only tools in the store, for other threads and processes. */
export function keptResults(store: Pick<ThreadStore, "getValue" | "setValue">): KeptResults {
  return {
    get: (key) => store.getValue(key),
    async set(key, value, { expiresAt, about }) {
      // If another thread was first, its result is as good.
      await store.setValue(key, value, await store.getValue(key), { expiresAt, about });
    },
  };
}
