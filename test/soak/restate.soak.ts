import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine, EngineStart } from "../../src/runtime/engines/engine.ts";
import { restateEngine } from "../../src/runtime/engines/restate.ts";
import { engineContract } from "../../src/testing/engine-contract.ts";
import { temporaryStore } from "../store/temporary.ts";
import { type RestateServer, restateProgram, startRestate } from "./engines/restate-server.ts";

const program = restateProgram();
if (program === undefined)
  console.warn("Restate's server is not installed: its tests are not run (.ci/run installs it)");

describe.skipIf(program === undefined)("each engine", { tags: "E4" }, () => {
  let server: RestateServer;
  beforeAll(async () => {
    server = await startRestate(program ?? "");
  });
  afterAll(() => server.remove());

  let objects = 0;
  let delivered = 0;
  engineContract({ describe, it }, "Restate", async () => {
    const { reopen, close } = await temporaryStore();
    objects += 1;
    const name = `thread_${objects}`;
    const starts: Promise<void>[] = [];
    const connect = async () => {
      const { ingress, admin } = server;
      const engine = restateEngine({ ingress, admin, name });
      const start: Engine["start"] = (work) => {
        const advance: EngineStart["advance"] = (threadId) => {
          delivered += 1;
          return work.advance(threadId);
        };
        const started = engine.start({ ...work, advance });
        starts.push(started);
        return started;
      };
      return { store: await reopen(), engine: { ...engine, start } };
    };
    const ready = async () => {
      await Promise.all(starts);
    };
    return { connect, sweepMs: 4_000, ready, close };
  });

  it("Restate has delivered the wakes, not the sweep alone", () => {
    expect(delivered).toBeGreaterThan(40);
  });
});
