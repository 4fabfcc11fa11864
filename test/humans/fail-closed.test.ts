import { describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import { describeReason } from "../../src/humans/approval-reasons.ts";
import { lookAlikes } from "../../src/humans/look-alikes.ts";
import { comparePeople, type People } from "../../src/humans/people.ts";
import { matchesPrincipal, type VerifiedPrincipal, verifiedBy } from "../../src/humans/principal.ts";
import { mayDecide, pendingRequest } from "../../src/humans/request.ts";
import type { Input } from "../../src/runtime/input.ts";
import type { Approval, ToolOptions } from "../../src/steps/definitions.ts";
import { askHuman, finish, tool } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { type ScriptedAnswer, scriptedSteps } from "../../src/testing/scripted-steps.ts";
import type { Thread } from "../../src/thread/thread.ts";
import { ada, approvalOf, bob, eve, testRuntime } from "../runtime/harness.ts";
import { temporaryFolder } from "../store/temporary.ts";

type Step =
  | { intent: "pay"; amount: number }
  | { intent: "ask"; message: string }
  | { intent: "done"; message: string };

const pay: Step = { intent: "pay", amount: 600 };
const done: Step = { intent: "done", message: "end" };

interface Settings {
  readonly approval: Approval | ((step: { amount: number }) => Approval);
  readonly script?: readonly ScriptedAnswer<Step>[];
  readonly people?: People;
}

function office({ approval, script = [pay, done], people = {} }: Settings) {
  const paid: number[] = [];
  const agent = defineAgent(scriptedSteps<Step>(script), {
    name: "office",
    steps: {
      pay: tool(({ amount }) => void paid.push(amount), { approval }),
      ask: askHuman(({ message }) => message),
      done: finish(({ message }) => message),
    },
  });
  const runtime = testRuntime({ agents: [agent], store: createMemoryStore(), people });
  return {
    paid,
    runtime,
    async start(input: Input = { message: "pay", from: ada }): Promise<Thread> {
      const { threadId } = await runtime.launch({ agent: "office", input });
      return runtime.settled(threadId);
    },
    async approve(thread: Thread, by: VerifiedPrincipal): Promise<Thread> {
      const { seq, digest } = approvalOf(thread);
      const id = requestIdOf(thread.id, seq);
      await runtime.respond(id, { decision: { kind: "approved" }, digest }, by);
      return runtime.settled(thread.id);
    },
  };
}

/** A policy that the type checker would not let through: from a file, or from JavaScript. */
const loose = (value: unknown) => value as Approval;
const reasonsOf = (thread: Thread) => approvalOf(thread).card.reasons;

describe("policies that are wrong", { tags: "F7.8" }, () => {
  it("a reason that quotes dots without end is cut, and takes no time", async () => {
    const { start } = office({ approval: () => ({ because: `${".".repeat(200_000)}!` }) });
    expect(reasonsOf(await start())).toEqual([{ kind: "policy" }]);
  });

  it.each<[string, unknown, RegExp]>([
    ["a misspelt name", { approvers: ["web:bob"], need: 2 }, /need/],
    [
      "an escalation after three hundred thousand years",
      { escalation: [{ after: 1e13, to: ["web:bob"] }] },
      /after/,
    ],
    ["an end that never comes", { expiresAfter: Number.POSITIVE_INFINITY }, /expiresAfter/],
    ["a number as text", { needed: "2" }, /needed/],
    ["a list that is a text", { approvers: "web:bob" }, /approvers/],
    ["nobody who could", { approvers: ["bob"] }, /"bob" names nobody/],
    ["more approvals than people", { approvers: ["web:bob"], needed: 2 }, /only 1 may approve/],
    ["an empty list", { approvers: [] }, /nobody could ever approve/],
  ])(
    "%s: refused where it is data; where it is computed a person is asked and told",
    async (_, policy, says) => {
      expect(() => office({ approval: loose(policy) })).toThrow(says);
      expect(() => office({ approval: loose(policy) })).toThrow(
        expect.objectContaining({ code: "invalid_configuration" }),
      );
      const { start, paid, runtime } = office({ approval: () => loose(policy) });
      const thread = await start();
      expect(paid).toEqual([]);
      const [reason] = reasonsOf(thread);
      expect(reason).toEqual({ kind: "faulty_policy", fault: expect.stringMatching(says) });
      expect(describeReason(reason ?? { kind: "policy" }).text).toContain("is wrong");
      expect(pendingRequest(await runtime.get(thread.id))?.id).toBe(`${thread.id}.${approvalOf(thread).seq}`);
    },
  );

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["another word", "sometimes"],
    ["a number", 1],
    ["a list", ["web:bob"]],
    ["a promise", Promise.resolve("never")],
  ])("a rule that gives %s asks a person", async (_, given) => {
    const { start, paid } = office({ approval: () => loose(given) });
    expect(reasonsOf(await start())[0]?.kind).toBe("faulty_policy");
    expect(paid).toEqual([]);
  });

  it("a rule that throws asks a person, and the card says what it threw", async () => {
    const { start } = office({
      approval: () => {
        throw new Error("the list of approvers is gone");
      },
    });
    expect(reasonsOf(await start())).toEqual([
      { kind: "faulty_policy", fault: "it failed: the list of approvers is gone" },
    ]);
  });

  it("a rule that cannot be read, or is misspelt, lets nobody approve what they asked for", async () => {
    const rules: readonly (() => Approval)[] = [
      () => {
        throw new Error("the directory is down");
      },
      () => loose(undefined),
      () => loose(Promise.resolve("never")),
      () => loose({ approvrs: ["web:bob"] }),
    ];
    for (const approval of rules) {
      const people = { Ada: ["terminal:ada"], Bob: ["web:bob"] };
      const { start, approve, paid } = office({ approval, people });
      const thread = await start();
      await expect(approve(thread, ada)).rejects.toMatchObject({ code: "forbidden" });
      expect(paid).toEqual([]);
      await approve(thread, bob);
      expect(paid).toEqual([600]);
    }
  });

  it("a promise that fails afterwards ends no process", async () => {
    const failures: unknown[] = [];
    const onFailure = (failure: unknown) => failures.push(failure);
    process.on("unhandledRejection", onFailure);
    const { start } = office({ approval: () => loose(Promise.reject(new Error("the directory is down"))) });
    expect(reasonsOf(await start())[0]?.kind).toBe("faulty_policy");
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", onFailure);
    expect(failures).toEqual([]);
  });

  it("a rule that throws what no text can be made of asks a person", async () => {
    const { start } = office({
      approval: () => {
        throw Object.create(null);
      },
    });
    expect(reasonsOf(await start())).toEqual([
      { kind: "faulty_policy", fault: "it failed: something that cannot be shown" },
    ]);
  });

  it("fields that a class or a prototype gives count, and a hole in a list lets nobody in", async () => {
    class OnlyBob {
      get approvers() {
        return ["web:bob"];
      }
      get requesterMayApprove() {
        return false;
      }
    }
    const asClass = await office({ approval: () => new OnlyBob() }).start();
    expect(approvalOf(asClass).policy).toEqual({ approvers: ["web:bob"], requesterMayApprove: false });
    const inherited = await office({ approval: () => Object.create({ approvers: ["web:bob"] }) }).start();
    expect(approvalOf(inherited).policy).toEqual({ approvers: ["web:bob"] });
    const holed: string[] = [];
    holed[1] = "web:bob";
    const { start, approve } = office({ approval: () => ({ approvers: holed }) });
    const thread = await start();
    expect(reasonsOf(thread)[0]?.kind).toBe("faulty_policy");
    await expect(approve(thread, eve)).rejects.toMatchObject({ code: "forbidden" });
  });

  it("what can be read of a wrong policy still keeps others out", async () => {
    const four = office({
      approval: () => loose({ approvers: "web:bob", requesterMayApprove: "no", need: 2 }),
    });
    const thread = await four.start();
    await expect(four.approve(thread, eve)).rejects.toMatchObject({ code: "forbidden" });
    expect(approvalOf(thread).policy).toMatchObject({ approvers: ["web:bob"], requesterMayApprove: false });
  });

  it("a time that no store can hold stops nobody from listing what waits", async () => {
    const temporary = await temporaryFolder();
    const store = await openSqliteStore(`${temporary.path}/threads.db`);
    const { request: policy } = { request: { escalation: [{ after: 1e13, to: ["web:bob"] }] } };
    const agent = defineAgent(scriptedSteps<Step>([pay, done]), {
      name: "office",
      steps: {
        pay: tool(() => "paid", { approval: () => policy }),
        ask: askHuman(({ message }) => message),
        done: finish(({ message }) => message),
      },
    });
    const runtime = testRuntime({ agents: [agent], store });
    const { threadId } = await runtime.launch({ agent: "office", input: { message: "pay", from: ada } });
    await runtime.settled(threadId);
    expect((await runtime.list({ pending: true })).threads).toHaveLength(1);
    await runtime.stop();
    await store.close();
    await temporary.remove();
  });
});

describe("who has asked for it", { tags: "F7.8" }, () => {
  const approval = { requesterMayApprove: false } as const;
  const event = { name: "order", source: "shop", payload: null };

  it("whoever sent the event that began the thread may not approve", async () => {
    const { start, approve, paid } = office({ approval, people: { ada: ["*:ada"], bob: ["*:bob"] } });
    const thread = await start({ event, from: ada });
    expect(thread.state.requesters).toEqual({ known: [{ channel: "terminal", id: "ada" }], unknown: false });
    await expect(approve(thread, ada)).rejects.toMatchObject({ code: "forbidden" });
    await approve(thread, bob);
    expect(paid).toEqual([600]);
  });

  it("a thread that code began has no requester: anybody is somebody else", async () => {
    const { start, approve, paid } = office({ approval });
    await approve(await start({ event, from: "system" }), eve);
    expect(paid).toEqual([600]);
  });

  it("a thread of which nobody knows who began it: launch refuses, naming `from`", async () => {
    const { start } = office({ approval });
    await expect(start({ event })).rejects.toThrow(/`from`.*pay.*office/);
    await expect(start({ event })).rejects.toMatchObject({ code: "invalid_argument" });
  });

  it("whoever sent an event that came later is as unknown as who began a thread", async () => {
    const { start, approve, paid, runtime } = office({ approval: () => approval });
    const before = await start({ event, from: ada });
    await runtime.receive(before.id, { name: "order", source: "shop", payload: "pay it to me" });
    const thread = await runtime.settled(before.id);
    expect(thread.state.requesters.unknown).toBe(true);
    expect(reasonsOf(thread)).toContainEqual({ kind: "unknown_requester" });
    await expect(approve(thread, bob)).rejects.toThrow(/not known who asked/);
    expect(paid).toEqual([]);
  });

  it("where that is only computed nobody may approve, and the card says so; anybody may deny", async () => {
    const { start, approve, paid, runtime } = office({ approval: () => approval });
    const thread = await start({ event });
    expect(reasonsOf(thread)).toContainEqual({ kind: "unknown_requester" });
    const request = await runtime.request(requestIdOf(thread.id, approvalOf(thread).seq));
    expect(mayDecide(request, bob, { bob: ["*:bob"] })).toBe(false);
    await expect(approve(thread, bob)).rejects.toThrow(/not known who asked/);
    const { digest } = approvalOf(thread);
    await runtime.respond(request.id, { decision: { kind: "denied", feedback: "who asks?" }, digest }, bob);
    await runtime.settled(thread.id);
    expect(paid).toEqual([]);
  });

  it.each<[string, (it: ReturnType<typeof office>, thread: Thread) => Promise<unknown>]>([
    ["wrote to it", ({ runtime }, { id }) => runtime.message(id, "hurry", bob)],
    ["sent it an event", ({ runtime }, { id }) => runtime.receive(id, { ...event, from: bob })],
  ])("whoever %s while the approval waits may not approve either", async (_, speak) => {
    const it = office({ approval, people: { ada: ["*:ada"], bob: ["*:bob"], eve: ["*:eve"] } });
    const first = await it.start();
    await speak(it, first);
    const thread = await it.runtime.settled(first.id);
    await expect(it.approve(thread, bob)).rejects.toMatchObject({ code: "forbidden" });
    await it.approve(thread, eve);
    expect(it.paid).toEqual([600]);
  });

  it("whoever answered a question of the agent may not approve what came of it", async () => {
    const people = { ada: ["*:ada"], bob: ["*:bob"], eve: ["*:eve"] };
    const it = office({ approval, people, script: [{ intent: "ask", message: "how much?" }, pay, done] });
    const asked = await it.start();
    const id = requestIdOf(asked.id, asked.state.request?.seq ?? 0);
    await it.runtime.respond(id, { decision: { kind: "answered", text: "600" } }, bob);
    const thread = await it.runtime.settled(asked.id);
    await expect(it.approve(thread, bob)).rejects.toMatchObject({ code: "forbidden" });
    await it.approve(thread, eve);
    expect(it.paid).toEqual([600]);
  });

  it("an approval counts no more once who gave it has asked for something", async () => {
    const { start, approve, runtime, paid } = office({ approval: { requesterMayApprove: false, needed: 2 } });
    const asked = await start({ message: "pay", from: verifiedBy("web", "eve") });
    await approve(asked, bob);
    await runtime.message(asked.id, "pay it to me", bob);
    const again = await approve(await runtime.settled(asked.id), verifiedBy("web", "ada"));
    expect(paid).toEqual([]);
    expect(approvalOf(again).seq).toBeGreaterThan(approvalOf(asked).seq);
    expect(approvalOf(again).approvedBy.map(({ id }) => id)).toEqual(["ada"]);
    expect(approvalOf(again).card.newer?.latest.map(({ text }) => text)).toEqual(["pay it to me"]);
    await expect(approve(again, bob)).rejects.toMatchObject({ code: "forbidden" });
  });

  it("whoever forked it may not approve what the fork does", async () => {
    const people = { ada: ["*:ada"], bob: ["*:bob"], eve: ["*:eve"] };
    const it = office({ approval, people, script: [pay, pay, done] });
    const thread = await it.start();
    const fork = await it.runtime.fork(thread.id, 2, bob);
    await it.runtime.resume(fork.id, ada);
    const waiting = await it.runtime.settled(fork.id);
    await expect(it.approve(waiting, bob)).rejects.toMatchObject({ code: "forbidden" });
    await it.approve(waiting, eve);
    expect(it.paid).toEqual([600]);
  });
});

describe("who is who", { tags: "F7.11" }, () => {
  it("a pattern names the whole key, also where channel or id hold colons", () => {
    const sender = verifiedBy("webhook:orders", "Someone@Example.com");
    for (const pattern of [
      "webhook:orders:someone@example.com",
      "webhook:orders:*",
      "*:someone@example.com",
      "*:*",
    ]) {
      expect([pattern, matchesPrincipal(pattern, sender)]).toEqual([pattern, true]);
    }
    for (const pattern of [
      "webhook:*",
      "orders:someone@example.com",
      "webhook:order:*",
      "*:orders:someone@example.com",
    ]) {
      expect([pattern, matchesPrincipal(pattern, sender)]).toEqual([pattern, false]);
    }
    expect(matchesPrincipal("web:a:b", verifiedBy("web", "a:b"))).toBe(true);
  });

  it("a listed sender of a webhook is the person that is listed", async () => {
    const people = { ada: ["terminal:ada", "webhook:orders:ada@example.com"] };
    const it = office({ approval: { requesterMayApprove: false }, people });
    const thread = await it.start({ message: "pay", from: verifiedBy("webhook:orders", "ada@example.com") });
    await expect(it.approve(thread, ada)).rejects.toMatchObject({ code: "forbidden" });
  });

  it.each<[string, unknown]>([
    ["a name alone", { ada: ["ada"] }],
    ["half a star", { ada: ["web:a*"] }],
    ["no id", { ada: ["web:"] }],
    ["blanks", { ada: ["web:ada "] }],
    ["a text where a list belongs", { ada: "web:ada" }],
    ["characters that nobody sees", { ada: ["web:a\u200bda"] }],
  ])("people with %s are refused", (_, people) => {
    expect(() => office({ approval: "always", people: people as People })).toThrow(/people/);
  });

  it("an id has one spelling", () => {
    expect(verifiedBy("web", " zoe\u0308 ").id).toBe("zoë");
    expect(verifiedBy("email", "Ada@Example.com").id).toBe("ada@example.com");
    expect(verifiedBy("web", "Ada").id).toBe("Ada");
    expect(matchesPrincipal("email:ADA@example.com", verifiedBy("email", "ada@Example.com"))).toBe(true);
    expect(matchesPrincipal("web:zoe\u0308", verifiedBy("web", "zoë"))).toBe(true);
  });

  it.each([
    "",
    "   ",
    "a\u200bda",
    "ada\u202e",
    "a\u00adda",
    "a\u3164da",
    "a\u2800da",
    "a\u00a0b",
    "ad\u0000a",
    "a\nb",
  ])("the id %j is refused", (id) => {
    expect(() => verifiedBy("web", id)).toThrow(expect.objectContaining({ code: "invalid_argument" }));
  });

  it("a requester whom an earlier release spelled otherwise is still the same person", () => {
    const before = { channel: "email", id: "Ada@Example.com" };
    expect(comparePeople(verifiedBy("email", "ada@example.com"), before, {})).toBe("same");
    expect(comparePeople(verifiedBy("web", "zoë"), { channel: "web", id: "zoe\u0308" }, {})).toBe("same");
    expect(comparePeople(verifiedBy("web", "ada"), { channel: "web", id: "Ada" }, {})).toBe("different");
  });

  it("names that look alike and are not the same stand on the card", async () => {
    expect(lookAlikes(["web:ada", "web:аda", "web:bob"])).toEqual(["web:ada", "web:аda"]);
    expect(lookAlikes(["web:paul", "web:pau1", "web:alice", "web:bob", "web:bob"])).toEqual([
      "web:paul",
      "web:pau1",
    ]);
    expect(lookAlikes(["web:eve", "web:ada", "slack:ada", "*:ada"])).toEqual([]);
    expect(lookAlikes(["email:ada", "web:Ada"])).toEqual([]);
    expect(lookAlikes(["web:аda", "*:ada"])).toEqual(["web:аda", "*:ada"]);
    const many = Array.from(
      { length: 100_000 },
      (_, index) => `web:${index.toString(36).replaceAll(/[a-z]/g, "x$&")}`,
    );
    expect(lookAlikes(many).length).toBeLessThan(many.length);
    const { start } = office({ approval: { approvers: ["terminal:аda", "web:bob"] } });
    const reason = reasonsOf(await start()).find(({ kind }) => kind === "look_alike");
    expect(reason).toEqual({ kind: "look_alike", names: ["terminal:ada", "terminal:аda"] });
  });
});

describe("what an approval covers of the code", { tags: "F7.7" }, () => {
  const define = (run: () => unknown, options: ToolOptions<{ intent: "pay" }>) => () =>
    defineAgent(scriptedSteps<{ intent: "pay" }>([]), { name: "x", steps: { pay: tool(run, options) } });
  const bound = function (this: unknown) {
    return this;
  }.bind({});

  it.each([
    ["bound", bound],
    ["native", Math.random],
  ])("a %s handler needs a version where it has effects or an approval", (_, run) => {
    expect(define(run, {})).toThrow(/pay is bound or native.*version/);
    expect(define(run, { readOnly: true, approval: "always" })).toThrow(/version/);
    expect(define(run, { version: "1" })).not.toThrow();
    expect(define(run, { readOnly: true })).not.toThrow();
    expect(define(() => 1, { approval: "always" })).not.toThrow();
  });
});
