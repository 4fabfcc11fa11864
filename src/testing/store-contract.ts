import { appendContract } from "./store-contract/append.ts";
import { chainContract } from "./store-contract/chain.ts";
import { deleteContract } from "./store-contract/delete.ts";
import { leaseContract } from "./store-contract/leases.ts";
import { listContract } from "./store-contract/list.ts";
import { raceContract } from "./store-contract/races.ts";
import type { OpenedStore, StoreTest, TestRunner } from "./store-contract/runner.ts";
import { searchContract } from "./store-contract/search.ts";
import { valuesContract } from "./store-contract/values.ts";

export type { OpenedStore, TestRunner };

/**
 * What every `ThreadStore` must do, as tests. For a store of your own:
 *
 *     import { describe, it } from "vitest"; // or any runner that has the two
 *     storeContract({ describe, it }, "my store", async () => ({ store: await openMyStore(), close: cleanUp }));
 *
 * `open` is called before each test and must return a fresh, empty store; if it throws, that test fails. `close` is called
 * after the test, even if it failed.
 */
export function storeContract(runner: TestRunner, name: string, open: () => Promise<OpenedStore>): void {
  const test: StoreTest = (title, body) => {
    runner.it(title, async () => {
      const opened = await open();
      try {
        await body(opened);
      } finally {
        await opened.close();
      }
    });
  };
  runner.describe(`${name} keeps the contract for stores`, () => {
    runner.describe("as a log of events", () => {
      appendContract(test);
      raceContract(test);
      chainContract(test);
      deleteContract(test);
    });
    runner.describe("as a listing", () => {
      listContract(test);
      searchContract(test);
    });
    runner.describe("as the keeper of leases", () => leaseContract(test));
    runner.describe("as the keeper of values", () => valuesContract(test));
  });
}
