import { describe, it } from "vitest";
import type { Handover } from "../runtime/delegating-family.ts";
import { surviveEveryWrite } from "../runtime/delegation-matrix.ts";
import { temporaryPostgres } from "../store/postgres.ts";
import { temporaryStore } from "../store/temporary.ts";

const HOW: readonly Handover[] = ["hand", "hand_aside", "both", "ask", "say"];

describe("work that is handed over survives the death of its process at every write", {
  timeout: 300_000,
}, () => {
  it.each(HOW)("with threads in a file: %s", async (how) => {
    const { reopen, close } = await temporaryStore();
    await surviveEveryWrite(await reopen(), how);
    await close();
  });

  it.each(HOW)("with threads in PostgreSQL: %s", async (how) => {
    const { store, close } = await temporaryPostgres();
    await surviveEveryWrite(store, how);
    await close();
  });
});
