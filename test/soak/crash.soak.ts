import { describe, expect, it } from "vitest";
import { type Random, seededRandom } from "../../src/model/random.ts";
import { type Fault, WITHOUT_ENGINE } from "./crash/faults.ts";
import { type CrashReport, sum, surviveFaults, told } from "./crash/harness.ts";

const SEED = Number(process.env["SOAK_SEED"] ?? 1);

/** A life that ends at a point drawn at random, early enough that several lives are needed. */
function drawFault(random: Random): Fault {
  const point = WITHOUT_ENGINE[Math.floor(random() * WITHOUT_ENGINE.length)] ?? "before_append";
  if (point === "any_instant") return { point, nth: 60 + Math.floor(random() * 300) };
  return { point, nth: 1 + Math.floor(random() * (point.includes("append") ? 7 : 2)) };
}

/** Databases at a time: two for each core of a small machine, for a life waits a good part of its time. */
const LANES = 4;

/** One database after another, until so many processes were killed. */
async function many(kills: number, faults: number, together: number): Promise<CrashReport> {
  const reports: CrashReport[] = [];
  const killed = () => reports.reduce((all, report) => all + report.kills, 0);
  let next = 0;
  const lane = async () => {
    while (killed() < kills) {
      const random = seededRandom(SEED * 1000 + next * 7 + together);
      next += 1;
      // The first process of every other database dies while it makes the tables.
      const first: Fault = { point: "migration", nth: 1 + (Math.floor(next / 2) % 6) };
      const drawn = Array.from({ length: faults }, () => drawFault(random));
      reports.push(await surviveFaults(5, next % 2 === 0 ? [first, ...drawn] : drawn, together));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return reports.reduce(sum);
}

describe("crash matrix", () => {
  it("nothing is lost and nothing is done twice over at least 500 kills, some at every point", {
    tags: ["F12.5", "F5.3"],
  }, async () => {
    const total = await many(550, 16, 1);
    console.log(`one process at a time: ${told(total)}`);
    expect(total.kills).toBeGreaterThanOrEqual(500);
    for (const point of WITHOUT_ENGINE) expect(total.killed[point] ?? 0, point).toBeGreaterThanOrEqual(5);
    expect(total.unknown).toBeGreaterThan(0);
  });

  it("the same with two processes at once, another 60 kills", { tags: ["S5", "F12.4"] }, async () => {
    const total = await many(80, 8, 2);
    console.log(`two processes at once: ${told(total)}`);
    expect(total.kills).toBeGreaterThanOrEqual(60);
  });
});
