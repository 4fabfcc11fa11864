import { describe, it } from "vitest";
import { createMemoryStore } from "../../src/store/memory.ts";
import { storeContract } from "../../src/testing/store-contract.ts";
import { temporaryStore } from "./temporary.ts";

storeContract({ describe, it }, "the memory store", async () => {
  const store = createMemoryStore();
  return { store, close: () => store.close() };
});

storeContract({ describe, it }, "the SQLite store", temporaryStore);
