import { describe, it } from "vitest";
import { createMemoryStore } from "../../src/store/memory.ts";
import { temporaryPostgres } from "../store/postgres.ts";
import { temporaryStore } from "../store/temporary.ts";
import type { Handover } from "./delegating-family.ts";
import { cancelAfterEveryWrite, hearAfterEveryWrite, surviveEveryWrite } from "./delegation-matrix.ts";

const HOW: readonly Handover[] = ["hand", "hand_aside", "both", "ask", "say"];
const tags = ["F10.4", "F10.6", "F12.5"];

/* Every way to hand over, in files and on PostgreSQL: test/soak/delegation.soak.ts. */
describe("work that is handed over survives the death of its process at every write", { tags }, () => {
  it.each(HOW)("with threads in memory: %s", async (how) => {
    await surviveEveryWrite(createMemoryStore(), how);
  });

  it("and a cancellation after every write leaves nothing at work", async () => {
    await cancelAfterEveryWrite(createMemoryStore());
  });

  it("and what is said to the parent after any write is heard once by whoever works for it", async () => {
    await hearAfterEveryWrite(createMemoryStore());
  });

  it("with threads in a file", async () => {
    const { reopen, close } = await temporaryStore();
    await surviveEveryWrite(await reopen(), "say", ["after"]);
    await close();
  });

  it("with threads in PostgreSQL", { timeout: 60_000 }, async () => {
    const { store, close } = await temporaryPostgres();
    await surviveEveryWrite(store, "hand", ["after"]);
    await close();
  });
});
