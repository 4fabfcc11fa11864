import { createServer } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { verifiedBy } from "../../../src/humans/principal.ts";
import { restateEngine } from "../../../src/runtime/engines/restate.ts";
import { createRuntime } from "../../../src/runtime/runtime.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import { exampleAgent } from "../example-agent.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** An HTTP server that answers everything with a status; what it was asked. */
async function fakeRestate(status: number) {
  const asked: string[] = [];
  const answers = { status };
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(answers.status).end(`{"message":"said"}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  const place = server.address();
  return {
    asked,
    answers,
    url: `http://127.0.0.1:${typeof place === "object" && place !== null ? place.port : 0}`,
  };
}

/** Launches a thread that naps a hundred years, and gives what went wrong on the way. */
async function launched(ingress: string) {
  const { agent } = exampleAgent([{ intent: "nap", seconds: 3_000_000_000 }]);
  const engine = restateEngine({ ingress, admin: ingress });
  const runtime = createRuntime({ agents: [agent], store: createMemoryStore(), engine, sweepMs: 20 });
  const problems: unknown[] = [];
  runtime.subscribe((seen) => {
    if (seen.kind === "sweep_problem") problems.push(seen.error);
  });
  runtime.start();
  const input = { message: "go", from: verifiedBy("test", "ada") };
  const { threadId } = await runtime.launch({ agent: "example", input });
  const thread = await runtime.settled(threadId);
  await engine.idle();
  await runtime.stop();
  return { threadId, thread, problems };
}

describe("the engine on Restate", { tags: "E4" }, () => {
  it("makes itself known, sends a wake for a change and one for the time at which a thread goes on", async () => {
    const { asked, url } = await fakeRestate(202);
    const { threadId, problems } = await launched(url);
    expect(problems).toEqual([]);
    expect(asked).toContain("POST /deployments");
    expect(asked).toContain(`POST /twelvefold_thread/${threadId}/advance/send`);
    expect(asked.some((line) => /\/advance\/send\?delay=\d{12,}ms$/.test(line))).toBe(true);
  });

  it("that is down or refuses is told of; the change stands and the thread begins all the same", async () => {
    const refusing = await launched((await fakeRestate(404)).url);
    expect(refusing.thread.state.status.kind).toBe("awaiting_time");
    expect(String(refusing.problems[0])).toMatch(
      /Restate at http:\S+ refused .* with 404: \{"message":"said"\}/,
    );
    const down = await launched("http://127.0.0.1:1");
    expect(down.thread.state.status.kind).toBe("awaiting_time");
    expect(down.problems[0]).toMatchObject({
      code: "engine_failed",
      message: expect.stringContaining("cannot be reached"),
    });
  });

  it("that comes up later is told of the process then", async () => {
    const { asked, answers, url } = await fakeRestate(503);
    const engine = restateEngine({ ingress: url, admin: url });
    closers.push(() => engine.stop());
    const problems: unknown[] = [];
    await engine.start({ advance: async () => {}, onProblem: (error) => problems.push(error) });
    expect(problems).toHaveLength(1);
    answers.status = 201;
    await expect.poll(() => asked.length, { timeout: 10_000 }).toBe(2);
    await engine.stop();
    expect(asked).toEqual(["POST /deployments", "POST /deployments"]);
    expect(problems).toHaveLength(1);
  });

  it("options that cannot be are refused", () => {
    const wrong: object[] = [{}, { ingress: "8080" }, { ingress: "http://x", listen: { port: 70_000 } }];
    for (const options of wrong) {
      expect(() => Reflect.apply(restateEngine, undefined, [options])).toThrow(/restateEngine/);
    }
  });
});
