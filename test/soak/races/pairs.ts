import { expect } from "vitest";
import { defineAgent, type NextStepFunction } from "../../../src/agent/agent.ts";
import { ConflictError } from "../../../src/base/errors.ts";
import { type RequestId, requestIdOf, type ThreadId } from "../../../src/base/ids.ts";
import { openStore } from "../../../src/cli/open-store.ts";
import { verifiedBy } from "../../../src/humans/principal.ts";
import type { HumanResponse } from "../../../src/humans/respond.ts";
import { createRuntime, type Runtime } from "../../../src/runtime/runtime.ts";
import { finish, tool } from "../../../src/steps/steps.ts";
import type { Thread } from "../../../src/thread/thread.ts";

type Step = { intent: "refund" } | { intent: "work" } | { intent: "done" };

const ada = verifiedBy("web", "ada");
const bob = verifiedBy("mail", "bob");

/** An agent that works once, asks before it refunds once, and ends; its model looks only at what has been proposed. */
function refunder(ran: string[]) {
  const next: NextStepFunction<[proposed: readonly string[]], Step> = {
    name: "Refund",
    version: "1",
    async call([proposed]) {
      const value: Step = proposed.includes("refund")
        ? { intent: "done" }
        : { intent: proposed.includes("work") ? "refund" : "work" };
      const completion = { raw: "", client: "plan", usage: null, durationMs: 0, requestDigest: "" };
      return { ok: true, value, fidelity: { grade: "exact", reasons: [] }, more: [], completion };
    },
    request: () => Promise.reject(new Error("not asked for")),
    parse: () => {
      throw new Error("not asked for");
    },
  };
  return defineAgent<[proposed: readonly string[]], Step>(next, {
    name: "refunder",
    input: ({ thread }) => [
      thread.events.flatMap((event) => (event.type === "step_proposed" ? [event.data.step.intent] : [])),
    ],
    steps: {
      work: tool(() => "worked", { readOnly: true }),
      refund: tool(
        (_step, { key }) => {
          ran.push(key);
          return "refunded";
        },
        { approval: "always" },
      ),
      done: finish(() => "done"),
    },
  });
}

/** Two runtimes as two processes have them: a connection, a claim's owner and a queue each. */
async function withTwo<T>(
  path: string,
  work: (one: Runtime, other: Runtime, ran: readonly string[]) => Promise<T>,
): Promise<T> {
  const ran: string[] = [];
  const stores = [await openStore(path, "/"), await openStore(path, "/")] as const;
  const problems: unknown[] = [];
  const runtimes = stores.map((store) => {
    const runtime = createRuntime({ agents: [refunder(ran)], store });
    runtime.subscribe((seen) => {
      if (seen.kind === "problem" || seen.kind === "sweep_problem") problems.push(seen.error);
    });
    return runtime;
  });
  const [one, other] = runtimes;
  if (one === undefined || other === undefined) throw new Error("unreachable");
  try {
    const result = await work(one, other, ran);
    expect(problems).toEqual([]);
    return result;
  } finally {
    for (const runtime of runtimes) await runtime.stop();
    for (const store of stores) await store.close();
  }
}

interface Pending {
  readonly threadId: ThreadId;
  readonly requestId: RequestId;
  readonly response: HumanResponse;
}

async function waiting(runtime: Runtime): Promise<Pending> {
  const { threadId } = await runtime.launch({ agent: "refunder", input: { message: "go", from: ada } });
  return pendingApproval(runtime, threadId);
}

async function pendingApproval(runtime: Runtime, threadId: ThreadId): Promise<Pending> {
  const { state } = await runtime.settled(threadId);
  if (state.request?.type !== "approval") throw new Error(`no approval: ${JSON.stringify(state.status)}`);
  const requestId = requestIdOf(threadId, state.request.seq);
  return {
    threadId,
    requestId,
    response: { digest: state.request.digest, decision: { kind: "approved" } },
  };
}

async function verified(runtime: Runtime, threadId: ThreadId): Promise<Thread> {
  expect(await runtime.verify(threadId)).toMatchObject({ ok: true });
  return runtime.get(threadId);
}

/** Sorts what came of things tried at once; anything but success and `ConflictError` fails. */
function outcomes(results: readonly PromiseSettledResult<unknown>[]) {
  const errors = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
  for (const error of errors) expect(error).toBeInstanceOf(ConflictError);
  return { won: results.length - errors.length, conflicts: errors.length };
}

export function answersAgainstEachOther(path: string, rounds: number) {
  return withTwo(path, async (one, other, ran) => {
    const total = { won: 0, conflicts: 0, ran: 0 };
    for (let round = 0; round < rounds; round++) {
      const { threadId, requestId, response } = await waiting(round % 2 === 0 ? one : other);
      const { won, conflicts } = outcomes(
        await Promise.allSettled([
          one.respond(requestId, response, ada),
          other.respond(requestId, response, bob),
        ]),
      );
      total.won += won;
      total.conflicts += conflicts;
      await other.settled(threadId);
      const { events, state } = await verified(one, threadId);
      expect(state.status.kind).toBe("finished");
      expect(events.filter(({ type }) => type === "human_responded")).toHaveLength(1);
    }
    return { ...total, ran: ran.length };
  });
}

export function cancelAgainstFinish(path: string, rounds: number) {
  return withTwo(path, async (one, other) => {
    const total = { cancelled: 0, finished: 0 };
    for (let round = 0; round < rounds; round++) {
      const { threadId, requestId, response } = await waiting(one);
      await one.respond(requestId, response, ada);
      // A little later each time, so that all of the run's way to its end is met.
      for (let turn = 0; turn < round % 8; turn++) await new Promise((resolve) => setImmediate(resolve));
      const [cancelled] = await Promise.allSettled([other.cancel(threadId, bob)]);
      const { won } = outcomes([cancelled]);
      const thread = await one.settled(threadId);
      await verified(other, threadId);
      expect(thread.state.status.kind).toBe(won === 1 ? "cancelled" : "finished");
      const ends = thread.events.filter(({ type }) => type === "cancelled" || type === "finished");
      expect(ends).toHaveLength(1);
      // Whatever came in between: a tool that was started is settled.
      expect(thread.state.calls.filter(({ phase }) => phase.kind === "started")).toEqual([]);
      total[won === 1 ? "cancelled" : "finished"] += 1;
    }
    return total;
  });
}

/**
 * The message is always taken. Either the approval comes first and the call runs, or it is too late: then the approver is
 * asked again, shown the message, and the call runs once that is approved.
 */
export function messageAgainstApproval(path: string, rounds: number) {
  return withTwo(path, async (one, other, ran) => {
    const total = { inTime: 0, askedAgain: 0, ran: 0 };
    for (let round = 0; round < rounds; round++) {
      const { threadId, requestId, response } = await waiting(one);
      const before = ran.length;
      const [approved, message] = await Promise.allSettled([
        one.respond(requestId, response, ada),
        other.message(threadId, "and hurry", bob),
      ]);
      outcomes([approved]);
      expect(message.status).toBe("fulfilled");
      const { state } = await other.settled(threadId);
      if (state.status.kind === "finished") {
        expect(approved.status).toBe("fulfilled");
        total.inTime += 1;
      } else {
        expect(ran).toHaveLength(before);
        const again = await pendingApproval(other, threadId);
        expect(again.response.digest).not.toBe(response.digest);
        await other.respond(again.requestId, again.response, ada);
        await other.settled(threadId);
        total.askedAgain += 1;
      }
      const { events, state: end } = await verified(one, threadId);
      expect(end.status.kind).toBe("finished");
      expect(events.filter(({ type }) => type === "message_received")).toHaveLength(2);
    }
    return { ...total, ran: ran.length };
  });
}

/** Many messages at one instant, over one runtime or both: how many were taken, and how many stand in the thread. */
export function messagesAtOnce(path: string, count: number, runtimes: 1 | 2) {
  return withTwo(path, async (one, other) => {
    const { threadId } = await waiting(one);
    const messages = Array.from({ length: count }, (_, index) =>
      (index % runtimes === 0 ? one : other).message(threadId, `text ${index}`, bob),
    );
    const taken = (await Promise.allSettled(messages)).filter(({ status }) => status === "fulfilled").length;
    await one.settled(threadId);
    const { events } = await verified(other, threadId);
    const texts = events.flatMap((event) => (event.type === "message_received" ? [event.data.text] : []));
    return { taken, kept: new Set(texts.slice(1)).size };
  });
}
