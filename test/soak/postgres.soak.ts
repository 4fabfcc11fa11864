import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Random, seededRandom } from "../../src/model/random.ts";
import { startProxy } from "../store/postgres-proxy.ts";
import { type PostgresServer, startPostgres } from "../store/postgres-server.ts";
import { FAULT_POINTS, type Fault, WITHOUT_ENGINE } from "./crash/faults.ts";
import {
  type CrashReport,
  type Place,
  runTogether,
  standStill,
  sum,
  surviveFaults,
  told,
} from "./crash/harness.ts";
import { type RestateServer, restateProgram, startRestate } from "./engines/restate-server.ts";
import { answersAgainstEachOther, cancelAgainstFinish, messageAgainstApproval } from "./races/pairs.ts";

const SEED = Number(process.env["SOAK_SEED"] ?? 1);
const LANES = 3;
const program = restateProgram();
if (program === undefined)
  console.warn("Restate's server is not installed: its tests are not run (.ci/run installs it)");

let server: PostgresServer;
let restate: RestateServer | undefined;
beforeAll(async () => {
  server = await startPostgres({ max_connections: "200" });
  if (program !== undefined) restate = await startRestate(program);
});
afterAll(async () => {
  await restate?.remove();
  await server.remove();
});

let places = 0;
/** A schema of its own; `engine` as `SOAK_ENGINE` names it, without the name of the object. */
function newPlace(
  engine: string,
  address = server.address,
  env: Readonly<Record<string, string>> = {},
): Place {
  places += 1;
  const path = `${address}${address.includes("?") ? "&" : "?"}schema=soak_${places}`;
  const named = engine.startsWith("restate") ? `${engine} thread_${places}` : engine;
  return { path, claimMs: 600, env: { SOAK_ENGINE: named, ...env } };
}

const restateAt = () => `restate ${restate?.ingress} ${restate?.admin}`;

function drawFault(random: Random, points: readonly Fault["point"][]): Fault {
  const point = points[Math.floor(random() * points.length)] ?? "before_append";
  if (point === "any_instant") return { point, nth: 400 + Math.floor(random() * 1_200) };
  return { point, nth: 1 + Math.floor(random() * (point.includes("append") ? 9 : 2)) };
}

/** One database after another, until so many processes were killed. */
async function many(
  kills: number,
  engine: () => string,
  points: readonly Fault["point"][],
): Promise<CrashReport> {
  const reports: CrashReport[] = [];
  const killed = () => reports.reduce((all, report) => all + report.kills, 0);
  let next = 0;
  const lane = async () => {
    while (killed() < kills) {
      const random = seededRandom(SEED * 1000 + next * 7 + kills);
      next += 1;
      const faults = Array.from({ length: 16 }, () => drawFault(random, points));
      reports.push(await surviveFaults(5, faults, 1 + (next % 2), newPlace(engine())));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return reports.reduce(sum);
}

const points = FAULT_POINTS.filter((point) => point !== "migration");
const withoutEngine = WITHOUT_ENGINE.filter((point) => point !== "migration");

describe("workers that are killed, with threads in PostgreSQL", {
  tags: ["F12.5", "F12.4", "E4", "F5.3"],
}, () => {
  const engines: readonly (readonly [string, readonly Fault["point"][], number])[] = [
    ["in-process", withoutEngine, 105],
    ["pg-boss", points, 110],
  ];
  it.each(engines)("lose nothing and do nothing twice: %s", async (name, at, kills) => {
    const total = await many(kills, () => name, at);
    console.log(`PostgreSQL, ${name}: ${told(total)}`);
    expect(total.kills).toBeGreaterThanOrEqual(kills);
    expect(total.killed.before_append ?? 0).toBeGreaterThan(0);
    expect(total.killed.after_append ?? 0).toBeGreaterThan(0);
  });

  it.skipIf(program === undefined)("lose nothing and do nothing twice: Restate", async () => {
    const total = await many(60, restateAt, withoutEngine);
    console.log(`PostgreSQL, Restate: ${told(total)}`);
    expect(total.kills).toBeGreaterThanOrEqual(60);
  });

  it("that stand still beyond their claims and then go on do nothing twice", async () => {
    const { stops, ...total } = await standStill(24, 3, seededRandom(SEED), {
      ...newPlace("pg-boss"),
      claimMs: 200,
    });
    console.log(`PostgreSQL, ${stops} times a process stood still: ${told(total)}`);
    expect(stops).toBeGreaterThan(5);
  });
});

/** Does something to a server again and again until the processes have ended. */
function disturb(ended: Promise<unknown>, ms: number, act: () => Promise<unknown>): Promise<unknown> {
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const loop = async () => {
    for (;;) {
      await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, ms))]);
      if (over) return;
      await act();
    }
  };
  return loop();
}

describe("servers that are killed while workers run", { tags: ["F12.5", "E4"] }, () => {
  it("PostgreSQL, by an immediate shutdown and by kill -9", async () => {
    const own = await startPostgres({ max_connections: "60" });
    try {
      let kills = 0;
      let total: CrashReport | undefined;
      while (kills < 25) {
        const place = newPlace("pg-boss", own.address, { SOAK_SERVERS_DIE: "1" });
        const report = await runTogether(30, 2, { ...place, claimMs: 1_500 }, (ended) =>
          disturb(ended, 350, async () => {
            await own.stop(kills % 2 === 0 ? "SIGQUIT" : "SIGKILL");
            kills += 1;
            await own.start();
          }),
        );
        total = total === undefined ? report : sum(total, report);
      }
      console.log(`PostgreSQL was killed ${kills} times: ${told(total ?? never())}`);
    } finally {
      await own.remove();
    }
  });

  it.skipIf(program === undefined)("Restate, by kill -9", async () => {
    let kills = 0;
    const place = newPlace(restateAt(), server.address, { SOAK_SERVERS_DIE: "1" });
    const report = await runTogether(30, 2, place, (ended) =>
      disturb(ended, 400, async () => {
        await restate?.kill();
        kills += 1;
        await restate?.start();
      }),
    );
    console.log(`Restate was killed ${kills} times: ${told(report)}`);
    expect(kills).toBeGreaterThan(0);
  });

  it("a way to PostgreSQL that is cut, slow and half open", async () => {
    const proxy = await startProxy(server.address);
    try {
      const faults = { lost: 0, broken: 0, stood: 0, slow: 0 };
      const random = seededRandom(SEED);
      const place = newPlace("pg-boss", proxy.address, { SOAK_SERVERS_DIE: "1", SOAK_ANSWER_MS: "500" });
      const report = await runTogether(30, 2, { ...place, claimMs: 1_500 }, (ended) =>
        disturb(ended, 120, async () => {
          const drawn = random();
          if (drawn < 0.4) {
            faults.lost += 1;
            proxy.loseAnswer(1 + Math.floor(random() * 20));
          } else if (drawn < 0.6) {
            faults.broken += 1;
            proxy.breakConnections();
          } else if (drawn < 0.8) {
            faults.slow += 1;
            proxy.delay(Math.floor(random() * 60));
            await new Promise((resolve) => setTimeout(resolve, 200));
            proxy.delay(0);
          } else {
            faults.stood += 1;
            proxy.cut();
            await new Promise((resolve) => setTimeout(resolve, 700));
            proxy.mend();
          }
        }),
      );
      console.log(`faults of the way: ${JSON.stringify(faults)}; ${told(report)}`);
      expect(Math.min(...Object.values(faults))).toBeGreaterThan(0);
    } finally {
      await proxy.close();
    }
  });
});

function never(): never {
  throw new Error("unreachable");
}

describe("races, with threads in PostgreSQL", { tags: "F12.4" }, () => {
  const path = () => newPlace("in-process").path;

  it("four processes and 80 threads: each step is taken once, each request answered once", async () => {
    const total = await runTogether(80, 4, { ...newPlace("pg-boss"), claimMs: 5_000 });
    console.log(`PostgreSQL, four processes: ${told(total)}`);
    expect(total.unknown).toBe(0);
  });

  it("two answers to one approval, cancelling against finishing, a message against an approval", async () => {
    expect(await answersAgainstEachOther(path(), 60)).toEqual({ won: 60, conflicts: 60, ran: 60 });
    const { cancelled, finished } = await cancelAgainstFinish(path(), 60);
    console.log(`PostgreSQL: ${cancelled} cancelled, ${finished} finished`);
    expect(cancelled + finished).toBe(60);
    const { inTime, askedAgain, ran } = await messageAgainstApproval(path(), 100);
    expect({ decided: inTime + askedAgain, ran }).toEqual({ decided: 100, ran: 100 });
  });
});
