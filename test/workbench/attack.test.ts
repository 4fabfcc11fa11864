import { describe, expect, it } from "vitest";
import { makeDemoShop } from "../../src/agents/support/demo-shop.ts";
import { attackCommand } from "../../src/cli/commands/attack.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { createMemoryStore, defineAgent, finish, tool } from "../../src/index.ts";
import { startScriptedModel } from "../../src/model/index.ts";
import { type ScriptedSteps, scriptedSteps } from "../../src/testing/scripted-steps.ts";
import type { Step } from "../../src/thread/events.ts";
import { type Attack, attackAgent } from "../../src/workbench/attack/attack.ts";
import { INJECTIONS } from "../../src/workbench/attack/injections/all.ts";
import { attackDeploybot, attackSupport, PREFERENCE } from "./attacked-agents.ts";
import { testSession } from "./test-session.ts";

const today = () => "2026-11-26";
const eve = verifiedBy("web", "eve");

/** The payer, whose requests show a schema, so that the suite knows how to look something up. */
function withSchema(untrusted: boolean) {
  const agent = payer(true, {}, untrusted);
  const schema =
    'Answer in JSON using any of these schemas:\n{\n  intent: "look_up",\n  id: string,\n} or {\n  intent: "pay",\n  to: string,\n} or {\n  intent: "done",\n  text: string,\n}\n';
  const request: typeof agent.nextStep.request = async (thread, options) => {
    const prepared = await agent.nextStep.request(thread, options);
    const messages = [{ role: "user", content: `${schema}\n${agent.context.render(thread)}` }];
    return { ...prepared, body: JSON.stringify({ messages }) };
  };
  return { agent: { ...agent, nextStep: { ...agent.nextStep, request } } };
}

/** How many attacks ended in each way. */
function counts(attacks: readonly Attack[]): Record<string, number> {
  const ends = attacks.map(({ outcome }) => (outcome.kind === "stopped" ? outcome.by : outcome.kind));
  return Object.fromEntries([...Map.groupBy(ends, (end) => end)].map(([end, all]) => [end, all.length]));
}

type PayStep =
  | { intent: "look_up"; id: string }
  | { intent: "pay"; to: string }
  | { intent: "done"; text: string };

/** An agent with one lookup and one payment, that nobody need approve unless `guarded`. */
function payer(guarded: boolean, extra: object = {}, untrusted = true) {
  const steps: ScriptedSteps<PayStep> = scriptedSteps<PayStep>([]);
  return defineAgent(steps, {
    name: "payer",
    steps: {
      look_up: tool(() => "", { readOnly: true, untrusted }),
      pay: tool(() => "paid", { approveWhenUntrusted: guarded }),
      done: finish(({ text }) => text),
    },
    ...extra,
  });
}

describe("F2.21 injections against an agent", { tags: "F2.21" }, () => {
  it("are at least 60, of many kinds, each with an id of its own", () => {
    expect(INJECTIONS.length).toBeGreaterThanOrEqual(60);
    expect(new Set(INJECTIONS.map(({ id }) => id)).size).toBe(INJECTIONS.length);
    expect(new Set(INJECTIONS.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(11);
  });

  // All injections with every goal: test/soak/attack.soak.ts.
  it("support, with a model that obeys: one refund within the limit, for an order of the sender, and nothing more", {
    timeout: 60_000,
  }, async () => {
    const { attacks, refunds, remembered } = await attackSupport();
    expect(refunds).toEqual(["A-1001 2000"]);
    const ran = attacks.flatMap(({ outcome }) => (outcome.kind === "ran" ? outcome.steps : []));
    expect(ran.filter(({ intent, order }) => intent === "refund" && order !== "A-1001")).toEqual([]);
    // What is remembered stands word by word in the sender's own mails, and is the sender's alone.
    expect(remembered).toEqual([{ customer: "ann@example.com", words: PREFERENCE }]);
    expect(attacks.filter(({ stillText }) => !stillText)).toEqual([]);
    expect(counts(attacks)).toMatchObject({ policy: expect.any(Number), gate: expect.any(Number) });
    expect(counts(attacks)["failed"]).toBeUndefined();
  });

  it("deploybot, with a model that obeys: nothing runs without a person, in neither environment", {
    timeout: 60_000,
  }, async () => {
    const ofEachKind = [...Map.groupBy(INJECTIONS, ({ kind, place }) => `${kind} ${place}`).values()];
    const { attacks, before, after } = await attackDeploybot({
      injections: ofEachKind.flatMap(([first]) => first ?? []),
    });
    expect(attacks.filter(({ outcome }) => outcome.kind === "ran" || outcome.kind === "failed")).toEqual([]);
    expect(after).toBe(before);
    expect(attacks.filter(({ stillText }) => !stillText)).toEqual([]);
    // The rule that staging needs nobody ends where the thread holds a stranger's words.
    expect(counts(attacks)).toMatchObject({ provenance: expect.any(Number), policy: expect.any(Number) });
  });

  it("says what is held only by the model, and where a text became another part of the thread", async () => {
    const goals: Step[] = [{ intent: "pay", to: "eve" }];
    const injections = INJECTIONS.filter(({ place }) => place === "mail").slice(0, 3);
    const open = await attackAgent({ agent: payer(false), from: eve, goals, injections });
    expect(counts(open)).toEqual({ ran: 3 });
    const guarded = await attackAgent({ agent: payer(true), from: eve, goals, injections });
    expect(counts(guarded)).toEqual({ provenance: 3 });
    const naive = {
      renderBlock: ({ tag, body }: { tag: string; body: unknown }) =>
        `<${tag}>${JSON.stringify(body)}</${tag}>`,
      separator: "\n",
      parse: (text: string) => [...text.matchAll(/<(\w+)>/g)].map(([, tag = ""]) => ({ tag, body: null })),
    };
    const tags = INJECTIONS.filter(({ kind, place }) => kind === "own tags" && place === "mail");
    const forged = await attackAgent({
      agent: payer(true, { context: { format: naive } }),
      from: eve,
      goals,
      injections: tags,
    });
    expect(forged.some(({ stillText }) => !stillText)).toBe(true);
    await expect(attackAgent({ agent: payer(true), from: eve })).rejects.toThrow("shows no schema");
  });

  it("a lookup whose results are not marked as untrusted lets them through: nothing else makes up for it", async () => {
    const { agent } = withSchema(false);
    const goals: Step[] = [{ intent: "pay", to: "eve" }];
    const injections = INJECTIONS.filter(({ place }) => place === "tool_result").slice(0, 2);
    expect(counts(await attackAgent({ agent, from: eve, goals, injections }))).toEqual({ ran: 2 });
    // The same holds for what is fetched before the model is asked.
    const fetched = INJECTIONS.filter(({ place }) => place === "prefetch");
    for (const [mark, outcome] of [
      [true, "provenance"],
      [false, "ran"],
    ] as const) {
      const remembers = payer(true, {
        prefetch: { notes: { run: () => "", as: "memory", untrusted: mark } },
      });
      const attacks = await attackAgent({ agent: remembers, from: eve, goals, injections: fetched });
      expect(counts(attacks)).toEqual({ [outcome]: fetched.length });
      expect(attacks.every(({ place }) => place === "prefetch")).toBe(true);
    }
    const marked = withSchema(true).agent;
    expect(counts(await attackAgent({ agent: marked, from: eve, goals, injections }))).toEqual({
      provenance: 2,
    });
  });

  it("the command asks a model that obeys and the configured one, and fails on what is not allowed", async () => {
    const { support } = makeDemoShop(":memory:", today);
    const options = {
      from: "email:ann@example.com",
      keep: ["account", "preferences"],
      kind: ["several steps"],
      concurrency: 4,
    };
    const session = (env = {}, json = false) =>
      testSession(process.cwd(), { agents: [support], store: createMemoryStore(), env, json });
    const plain = session();
    expect(await attackCommand(plain.session, "support", options)).toBe(1);
    expect(plain.said[0]).toBe("a model that obeys:");
    expect(plain.said[1]).toMatch(
      /^kind +tried +not read by the model +gate +policy +provenance +limit +only the model +allowed +got through$/,
    );
    expect(plain.said.some((line) => line.includes("ran {") && line.includes("remember_preference"))).toBe(
      true,
    );
    expect(plain.problems).toContain(
      "No model is configured, so that only one that obeys was asked; --client names another.",
    );

    const model = await startScriptedModel(
      Array.from({ length: 4 }, () => '{"reasoning":"r","intent":"done_for_now","message":"Thank you."}'),
    );
    const env = {
      OPENAI_API_KEY: "sk-test-0123456789",
      OPENAI_BASE_URL: model.url,
      TWELVEFOLD_ATTEMPTS: "1",
    };
    const asked = session({ ...env, TWELVEFOLD_MODEL: "openai/m" }, true);
    const allow = ["remember_preference"];
    expect(await attackCommand(asked.session, "support", { ...options, allow })).toBe(0);
    await model.close();
    const { passed, rounds } = JSON.parse(asked.said[0] ?? "");
    expect([passed, rounds.length, counts(rounds[1].attacks)]).toEqual([true, 2, { model: 4 }]);

    await expect(attackCommand(plain.session, "supprt", options)).rejects.toThrow("known: support");
    for (const [wrong, why] of [
      [{ allow: ["fly"] }, "no agent has such a step"],
      [{ keep: ["refund"] }, "cannot be kept"],
      [{ kind: ["spells"] }, "--kind takes"],
      [{ from: "ann" }, "--from takes channel:id"],
      [{ step: ['{"intent":"fly"}'] }, "its intent must be one of"],
      [{ step: ["refund"] }, "no JSON object"],
    ] as const) {
      await expect(attackCommand(plain.session, "support", { ...options, ...wrong })).rejects.toThrow(why);
    }
  });
});
