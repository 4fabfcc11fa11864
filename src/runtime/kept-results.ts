import type { KeptResults } from "../agent/reuse-results.ts";
import type { ThreadId } from "../base/ids.ts";
import { parseJson } from "../base/json.ts";
import { KEPT_CONTENT } from "../store/erasure.ts";
import type { ThreadStore } from "../store/store.ts";

type Values = Pick<ThreadStore, "getValue" | "setValue">;

/** Keeps the results of read-only tools in the store, for other threads and processes. */
export function keptResults(store: Values): KeptResults {
  return {
    async get(name) {
      const key = `${KEPT_CONTENT}${name}`;
      const text = await store.getValue(key);
      if (text === undefined) return undefined;
      const [about, value] = parseJson<[string, string]>(text);
      return (await store.getValue(erasedKey(about))) === undefined ? value : undefined;
    },
    async set(name, value, { expiresAt, about }) {
      const key = `${KEPT_CONTENT}${name}`;
      // If another thread was first, its result is as good.
      const before = await store.getValue(key);
      await store.setValue(key, JSON.stringify([about, value]), before, { expiresAt, about });
    },
  };
}

/** What a thread has fetched is no longer used: its content was erased. */
export async function dropResultsOf(threadId: ThreadId, store: Values): Promise<void> {
  await store.setValue(erasedKey(threadId), "erased", undefined, { about: threadId });
}

function erasedKey(threadId: string): string {
  return `results-erased:${threadId}`;
}
