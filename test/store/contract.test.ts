import { describe, it } from "vitest";
import { createMemoryStore } from "../../src/store/memory.ts";
import { storeContract } from "../../src/testing/store-contract.ts";
import { temporaryStore } from "./temporary.ts";

describe("each store", {
  tags: ["F5.3", "F5.8", "F5.9", "F5.10", "F6.2", "F6.9", "F6.10", "F8.7", "F11.6", "F12.4", "S5"],
}, () => {
  storeContract({ describe, it }, "the memory store", async () => {
    const store = createMemoryStore();
    return { store, close: () => store.close() };
  });

  storeContract({ describe, it }, "the SQLite store", temporaryStore);
});
