import { describe, it } from "vitest";
import { inProcessEngine } from "../../../src/runtime/engines/in-process.ts";
import { openPgBossEngine } from "../../../src/runtime/engines/pg-boss.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import { engineContract } from "../../../src/testing/engine-contract.ts";
import { temporaryPostgres } from "../../store/postgres.ts";
import { temporaryStore } from "../../store/temporary.ts";

describe("each engine", { tags: ["E4", "F12.4"], timeout: 60_000 }, () => {
  engineContract({ describe, it }, "in-process, with threads in memory,", async () => {
    const store = createMemoryStore();
    return {
      connect: async () => ({ store, engine: inProcessEngine() }),
      sweepMs: 20,
      close: () => store.close(),
    };
  });

  engineContract({ describe, it }, "in-process, with threads in a file,", async () => {
    const { reopen, close } = await temporaryStore();
    return {
      connect: async () => ({ store: await reopen(), engine: inProcessEngine() }),
      sweepMs: 20,
      close,
    };
  });

  engineContract({ describe, it }, "pg-boss", async () => {
    const { reopen, close } = await temporaryPostgres();
    const connect = async () => {
      const store = await reopen();
      return { store, engine: await openPgBossEngine(store) };
    };
    return { connect, sweepMs: 1_500, close };
  });
});
