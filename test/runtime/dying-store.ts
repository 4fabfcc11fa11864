import { StorageError } from "../../src/base/errors.ts";
import type { ThreadStore } from "../../src/store/store.ts";

export interface DyingStore {
  readonly store: ThreadStore;
  /** Resolves when the process is dead. */
  readonly died: Promise<void>;
  appends(): number;
}

/**
 * A store as a process sees it that dies at its `at`th append: before that is on disk, or after. From then on nothing that
 * the process does reaches the store.
 */
export function dyingStore(store: ThreadStore, at: number, when: "before" | "after"): DyingStore {
  let appends = 0;
  let isDead = false;
  const { promise: died, resolve } = Promise.withResolvers<void>();
  const requireLife = () => {
    if (isDead) throw new StorageError("storage_failed", "the process is dead");
  };
  const alive =
    <Args extends readonly unknown[], Result>(method: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      requireLife();
      const outcome = await method(...args);
      requireLife();
      return outcome;
    };
  const dying: ThreadStore = {
    async append(...args) {
      requireLife();
      const isLast = ++appends === at;
      if (isLast && when === "before") {
        isDead = true;
        resolve();
      }
      requireLife();
      const outcome = await store.append(...args);
      if (isLast) {
        isDead = true;
        resolve();
      }
      requireLife();
      return outcome;
    },
    read: alive(store.read),
    state: alive(store.state),
    verify: alive(store.verify),
    erase: alive(store.erase),
    delete: alive(store.delete),
    summary: alive(store.summary),
    summaries: alive(store.summaries),
    list: alive(store.list),
    unindexed: alive(store.unindexed),
    index: alive(store.index),
    claim: alive(store.claim),
    renew: alive(store.renew),
    release: alive(store.release),
    due: alive(store.due),
    getValue: alive(store.getValue),
    setValue: alive(store.setValue),
    forgetValues: alive(store.forgetValues),
    close: async () => {},
  };
  return { store: dying, died, appends: () => appends };
}
