import { describe, expect, it } from "vitest";
import { type HumanDecision, requestIdOf, type Thread, type VerifiedPrincipal } from "../../src/index.ts";
import { ada, bob, CARD, eve } from "../fixtures/releases/scenario.ts";
import { type Recorded, recorded, recordedThread, requestOf, type Upgraded, upgraded } from "./release.ts";

/* Whatever has become of events and cards since: what people were asked then must hold, or be asked again for all to see. */

const approved: HumanDecision = { kind: "approved" };
const waiting = recorded.threads.filter(
  ({ request, name }) => request?.digest !== undefined && name !== "by_event",
);

/** Today's code at a time when the request is still good. */
async function atRequestOf({ request, threadId }: Recorded): Promise<Upgraded> {
  const look = await upgraded();
  const { state } = await look.runtime.get(threadId);
  const asked = state.request?.askedAt;
  if (asked === undefined) throw new Error(`${request?.requestId} is not pending any more`);
  return upgraded({ now: Date.parse(asked) + 1_000, ...(isChanged(threadId) ? { deployVersion: "2" } : {}) });
}

/** The tool of this thread was of version 2 when it was last asked about. */
const isChanged = (threadId: string) => threadId === recordedThread("changed").threadId;

function answer(
  it: Upgraded,
  thread: Recorded,
  decision: HumanDecision,
  by: VerifiedPrincipal,
  digest?: string,
) {
  const shown = digest ?? thread.request?.digest ?? null;
  return it.runtime.respond(requestOf(thread), { decision, digest: shown }, by);
}

function reasonsOf({ state }: Thread): string {
  return state.request?.type === "approval" ? JSON.stringify(state.request.card.reasons) : "";
}

/** Where a paused thread must go on to be of use. */
async function settle(it: Upgraded, { threadId, status }: Recorded): Promise<Thread> {
  if (status === "paused") await it.runtime.resume(threadId, ada);
  return it.runtime.settled(threadId);
}

const expectedRun = ({ name, request }: Recorded): string => {
  const [value, to] = Object.values(request?.arguments ?? {}).map(String);
  if (name === "vaulted") return CARD;
  return [value, to].filter((part) => part !== undefined).join(" ");
};

describe("approvals that 0.1.0 asked for", { tags: ["F5.5", "F7.7", "F7.8"] }, () => {
  it("is there for each reason that release could give", () => {
    const reasons = waiting.flatMap(({ request }) => request?.reasons ?? []);
    const kinds = [
      "policy",
      "untrusted content in the thread: ",
      "judge: ",
      "doubtful parse: ",
      "something changed",
    ];
    for (const kind of kinds) expect(reasons.some((reason) => reason.startsWith(kind))).toBe(true);
  });

  it.each(waiting.map((thread) => [thread.name, thread] as const))(
    "%s: says no less about why a person is asked",
    async (_, { request, threadId }) => {
      const { runtime } = await upgraded();
      const now = reasonsOf(await runtime.get(threadId));
      for (const reason of request?.reasons ?? []) {
        const said = reason.replace(/^(untrusted content in the thread|judge|doubtful parse): /, "");
        const parts = reason.startsWith("something changed") ? ["changed"] : said.split(", ");
        for (const part of parts) expect(now).toContain(part);
      }
    },
  );

  it.each(waiting.map((thread) => [thread.name, thread] as const))(
    "%s: runs once when it is approved as it was shown, or asks again and says that something changed",
    async (_, thread) => {
      const it = await atRequestOf(thread);
      const first = thread.request?.approvedBy?.some(({ id }) => id === "bob") ? ada : bob;
      await answer(it, thread, approved, first);
      let now = await settle(it, thread);
      if (now.state.request !== null) {
        expect(it.agents.ran).toEqual([]);
        expect(reasonsOf(now)).toContain("changed");
        for (const by of [bob, ada]) {
          const { request } = now.state;
          if (request?.type !== "approval") break;
          const { digest, seq } = request;
          await it.runtime.respond(requestIdOf(now.id, seq), { decision: approved, digest }, by);
          now = await it.runtime.settled(now.id);
        }
      }
      expect(now.state.status.kind).toBe("finished");
      expect(it.agents.ran).toEqual([expect.stringMatching(new RegExp(` ${expectedRun(thread)}$`))]);
      const anchor = { seq: thread.seq, digest: thread.head };
      expect(await it.store.verify(thread.threadId, anchor)).toMatchObject({ ok: true });
    },
  );

  it.each(waiting.map((thread) => [thread.name, thread] as const))(
    "%s: runs nothing when it is denied, when nobody answers, or when another card was shown",
    async (name, thread) => {
      const it = await atRequestOf(thread);
      const other = "0".repeat(64);
      await expect(answer(it, thread, approved, ada, other)).rejects.toMatchObject({ code: "conflict" });
      expect((await it.thread(name)).state.seq).toBe(thread.seq);
      await answer(it, thread, { kind: "denied", feedback: "not today" }, bob);
      const now = await settle(it, thread);
      expect(now.state.status.kind).toBe("finished");
      expect(it.agents.ran).toEqual([]);
      expect(it.agents.prompts[0]).toContain("not today");
    },
  );

  it("keep their policy: who may decide, how many must, who was asked in addition, until when", async () => {
    const two = await atRequestOf(recordedThread("one_of_two"));
    expect((await two.thread("one_of_two")).state.request).toMatchObject({
      approvedBy: [{ channel: "web", id: "bob" }],
      escalatedTo: ["mail:eve"],
      policy: { needed: 2 },
    });
    await expect(answer(two, recordedThread("one_of_two"), approved, bob)).rejects.toMatchObject({
      code: "forbidden",
    });
    await answer(two, recordedThread("one_of_two"), approved, eve);
    const others = await atRequestOf(recordedThread("others_only"));
    await expect(answer(others, recordedThread("others_only"), approved, ada)).rejects.toMatchObject({
      code: "forbidden",
    });
    const late = await upgraded({ now: recorded.madeAt + 40 * 24 * 3_600_000 });
    for (const name of ["one_of_two", "others_only", "approved_too_late"]) {
      const by = name === "one_of_two" ? ada : bob;
      await expect(answer(late, recordedThread(name), approved, by)).rejects.toMatchObject({
        code: "expired",
      });
    }
    late.runtime.start();
    await late.clock.advance(5_000);
    for (const { threadId } of waiting) await late.runtime.settled(threadId);
    expect(late.agents.ran.filter((what) => what !== "hang_safely")).toEqual([]);
  });

  it("in a thread that an event began: an approval runs it, or is refused; nothing runs without one", async () => {
    const thread = recordedThread("by_event");
    const it = await atRequestOf(thread);
    const outcome = await answer(it, thread, approved, bob).then(
      () => "approved",
      (error: { readonly code: string }) => error.code,
    );
    await it.runtime.settled(thread.threadId);
    expect([outcome, it.agents.ran]).toEqual(
      outcome === "approved" ? ["approved", ["grant dora"]] : ["forbidden", []],
    );
  });

  it("take an edit: what was typed runs, and nothing else", async () => {
    const thread = recordedThread("told");
    const it = await atRequestOf(thread);
    const editedStep = { intent: "pay", amount: 20, to: "carol" };
    await answer(it, thread, { kind: "approved", editedStep }, bob);
    const now = await it.runtime.settled(thread.threadId);
    if (now.state.request?.type === "approval") {
      expect(it.agents.ran).toEqual([]);
      expect(now.state.request.card.arguments).toEqual({ amount: 20, to: "carol" });
    } else {
      expect(it.agents.ran).toEqual(["pay 20 carol"]);
    }
  });

  it("do not hold when the tool has changed since", async () => {
    const thread = recordedThread("changed");
    const it = await upgraded({ deployVersion: "3" });
    await answer(it, thread, approved, bob);
    const now = await it.runtime.settled(thread.threadId);
    expect(it.agents.ran).toEqual([]);
    expect(reasonsOf(now)).toContain("changed");
    expect(now.state.request?.seq).toBeGreaterThan(thread.seq);
  });
});
