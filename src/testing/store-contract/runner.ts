import type { ThreadStore } from "../../store/store.ts";

/** The parts of a test runner that the contract needs: Vitest, Jest, Mocha and `node:test` have them all. */
export interface TestRunner {
  describe(title: string, body: () => void): unknown;
  it(title: string, body: () => Promise<void>): unknown;
}

/** A fresh, empty store for one test. */
export interface OpenedStore {
  readonly store: ThreadStore;
  /**
   * Opens a second, independent way to the same threads, as another process would have it. Absent if that is
   * impossible.
   */
  readonly reopen?: () => Promise<ThreadStore>;
  /** Closes everything that was opened and removes what was stored. */
  readonly close: () => Promise<void>;
}

/** Runs one test of the contract on a store of its own. */
export type StoreTest = (title: string, body: (opened: OpenedStore) => Promise<void>) => void;
