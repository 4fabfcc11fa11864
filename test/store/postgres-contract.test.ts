import { describe, it } from "vitest";
import { storeContract } from "../../src/testing/store-contract.ts";
import { temporaryPostgres } from "./postgres.ts";

describe("each store", {
  tags: ["F5.3", "F5.8", "F5.9", "F5.10", "F6.2", "F6.9", "F11.6", "F12.4", "S5"],
}, () => {
  storeContract({ describe, it }, "the PostgreSQL store", temporaryPostgres);
});
