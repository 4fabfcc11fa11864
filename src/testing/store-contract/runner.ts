import type { ThreadStore } from "../../store/store.ts";

/** What the contract needs of a test runner: Vitest, Jest, Mocha and `node:test` all have it. */
export interface TestRunner {
  describe(title: string, body: () => void): unknown;
  it(title: string, body: () => Promise<void>): unknown;
}

/** A fresh, empty store for one test. */
export interface OpenedStore {
  readonly store: ThreadStore;
  /** A second, independent way to the same threads, as another process has it. Absent: there can be none. */
  readonly reopen?: () => Promise<ThreadStore>;
  /** Closes everything that was opened and removes what was stored. */
  readonly close: () => Promise<void>;
}

/** Runs one test of the contract on a store of its own. */
export type StoreTest = (title: string, body: (opened: OpenedStore) => Promise<void>) => void;
