import { describe, expect, it } from "vitest";
import { callIdAt, requestIdOf } from "../../src/base/ids.ts";
import type { VerifiedPrincipal } from "../../src/humans/principal.ts";
import { decide } from "../../src/loop/decide.ts";
import type { HumanDecision } from "../../src/thread/events.ts";
import { appendEvents, startThread, type Thread, type ThreadHead } from "../../src/thread/thread.ts";
import { type FullStep, fullAgent } from "../runtime/full-agent.ts";
import { ada, approvalOf, bench, bob, eve, eventsOf } from "../runtime/harness.ts";

const pay: FullStep = { intent: "pay", amount: 50, to: "carol" };
const done: FullStep = { intent: "done", message: "end" };
const approved: HumanDecision = { kind: "approved" };

function office(script: readonly FullStep[] = [pay, done], needed = 1) {
  const it = bench(script, { payApproval: { needed } });
  return {
    ...it,
    approve(asked: ThreadHead, by: VerifiedPrincipal = bob) {
      const { seq, digest } = approvalOf(asked);
      return it.runtime.respond(requestIdOf(asked.id, seq), { decision: approved, digest }, by);
    },
    /** What is asked once somebody has written. */
    async once(thread: Thread, change: Promise<unknown>): Promise<Thread> {
      await change;
      return it.runtime.settled(thread.id);
    },
  };
}

describe("a newer message of a requester", { tags: "F7.17" }, () => {
  it("stands on the card; the digest shown before is refused by name, the new one runs", async () => {
    const { start, once, approve, runtime, ran } = office();
    const asked = await start();
    const again = await once(asked, runtime.message(asked.id, "No: pay dave", ada));
    expect(again.state.status.kind).toBe("awaiting_approval");
    const { card, digest, seq } = approvalOf(again);
    expect(card.newer).toEqual({
      count: 1,
      latest: [
        {
          at: again.state.updatedAt,
          from: { channel: "terminal", id: "ada" },
          text: "No: pay dave",
          length: 12,
        },
      ],
    });
    expect(card.reasons).toContainEqual({ kind: "newer_input" });
    expect(digest).not.toBe(approvalOf(asked).digest);
    await expect(approve(asked)).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining(`${requestIdOf(asked.id, seq)} is pending`),
    });
    expect(ran).toEqual([]);
    await approve(again);
    await runtime.settled(asked.id);
    expect(ran).toHaveLength(1);
  });

  it("the old digest under the new request is refused too", async () => {
    const { start, once, runtime, ran } = office();
    const asked = await start();
    const again = await once(asked, runtime.message(asked.id, "wait", ada));
    const response = { decision: approved, digest: approvalOf(asked).digest };
    const id = requestIdOf(again.id, approvalOf(again).seq);
    await expect(runtime.respond(id, response, bob)).rejects.toThrow("another version of the call");
    expect(ran).toEqual([]);
  });

  it.each<[string, { from?: VerifiedPrincipal | "system" }, boolean]>([
    ["of a person counts like a message", { from: eve }, true],
    ["of nobody knows whom counts like a message", {}, true],
    ["of code alone does not", { from: "system" }, false],
  ])("an event %s", async (_, sender, counts) => {
    const { start, once, runtime } = office();
    const asked = await start();
    const event = { name: "order", source: "webhook:shop", payload: { changed: true }, ...sender };
    const now = await once(asked, runtime.receive(asked.id, event));
    expect(approvalOf(now).digest === approvalOf(asked).digest).toBe(!counts);
    const shown = approvalOf(now).card.newer?.latest.map(({ from, text }) => [from?.id ?? null, text]);
    expect(shown).toEqual(
      counts ? [[sender.from === eve ? "eve" : null, 'order {"changed":true}']] : undefined,
    );
  });

  it("the first of two approvals counts no more: it was given without knowing of the message", async () => {
    const { start, once, approve, runtime, ran } = office([pay, done], 2);
    const asked = await start();
    await approve(asked, bob);
    const again = await once(asked, runtime.message(asked.id, "but not today", ada));
    expect(approvalOf(again).approvedBy).toEqual([]);
    await approve(again, eve);
    expect(ran).toEqual([]);
    await approve(again, bob);
    await runtime.settled(asked.id);
    expect(ran).toHaveLength(1);
  });

  it("an approval that was given and not used yet lapses as well", async () => {
    const { start, approve, runtime, ran } = office();
    const asked = await start();
    await runtime.pause(asked.id, bob);
    await approve(asked);
    await runtime.message(asked.id, "stop!", ada);
    await runtime.resume(asked.id, bob);
    const again = await runtime.settled(asked.id);
    expect(ran).toEqual([]);
    expect(approvalOf(again).card.newer?.latest[0]?.text).toBe("stop!");
    expect(eventsOf(again, "request_expired").map(({ data }) => data.because)).toEqual([
      { kind: "newer_input" },
    ]);
  });

  it("gives nobody more time: expiry and escalation count from the first asking", async () => {
    const policy = {
      expiresAfter: 600,
      escalation: [{ after: 300, to: ["mail:eve"] }],
      approvers: ["web:bob"],
    };
    const it = bench([pay, done], { payApproval: policy });
    const asked = await it.start();
    const { askedAt, expiresAt } = approvalOf(asked);
    for (const minute of [1, 2, 3, 4]) {
      await it.clock.advance(60_000);
      await it.runtime.message(asked.id, `wait ${minute}`, ada);
      const again = approvalOf(await it.runtime.settled(asked.id));
      expect(again).toMatchObject({ askedAt, expiresAt, escalatedTo: [] });
    }
    await it.clock.advance(60_000);
    it.runtime.start();
    expect(approvalOf(await it.runtime.settled(asked.id)).escalatedTo).toEqual(["mail:eve"]);
    await it.runtime.message(asked.id, "wait 5", ada);
    await it.clock.advance(300_000);
    const { state, events } = await it.runtime.settled(asked.id);
    expect(state.status.kind).toBe("finished");
    expect(events.findLast(({ type }) => type === "request_expired")?.data).toMatchObject({
      outcome: "deny",
    });
    expect(it.ran).toEqual([]);
  });

  it("makes a verdict old that was given without it: the judge is asked again before the step runs", () => {
    const { agent } = fullAgent([]);
    const callId = callIdAt(3);
    const fidelity = { grade: "exact", reasons: [] } as const;
    const judged = appendEvents(
      startThread({ agent: "full" }, 0),
      [
        { type: "message_received", data: { text: "refund", from: ada } },
        {
          type: "step_proposed",
          data: { callId, step: { intent: "refund", amount: 5 }, fidelity },
        },
        { type: "step_judged", data: { callId, verdict: "pass", reason: "small" } },
      ],
      0,
    );
    expect(decide(judged, agent)).toMatchObject({ type: "run_tool" });
    const written = appendEvents(judged, [{ type: "message_received", data: { text: "no!", from: ada } }], 0);
    expect(decide(written, agent)).toMatchObject({ type: "judge_step", callId });
    const verdict = { callId, verdict: "refuse", reason: "not wanted" } as const;
    const again = appendEvents(written, [{ type: "step_judged", data: verdict }], 0);
    expect(decide(again, agent)).toMatchObject({ type: "refuse_step" });
  });

  it("of many long messages the card holds the latest five, cut, and says how many there are", async () => {
    const { start, runtime } = office();
    const { id } = await start();
    for (let nth = 1; nth <= 7; nth++) await runtime.message(id, `${nth} ${"x".repeat(3_000)}`, ada);
    const { newer } = approvalOf(await runtime.settled(id)).card;
    expect(newer?.count).toBe(7);
    expect(newer?.latest.map(({ text, length }) => [text.slice(0, 1), text.length, length])).toEqual(
      [3, 4, 5, 6, 7].map((nth) => [String(nth), 2_000, 3_002]),
    );
  });
});

describe("earlier failures", { tags: "F9.4" }, () => {
  it("of the same step stand on the card, until it has succeeded", async () => {
    let broken = 2;
    const { start, answer } = bench([pay, pay, pay, pay, done], {
      payApproval: "always",
      onTool: async () => {
        if (broken-- > 0) throw new Error(`the bank is closed ${broken}`);
      },
    });
    let thread = await start();
    const seen: unknown[] = [];
    for (let time = 0; time < 4; time++) {
      const { failures } = approvalOf(thread).card;
      seen.push(failures === undefined ? 0 : [failures.count, failures.latest.at(-1)?.message]);
      thread = await answer(thread, approved);
    }
    expect(seen).toEqual([0, [1, "Error: the bank is closed 1"], [2, "Error: the bank is closed 0"], 0]);
  });
});
