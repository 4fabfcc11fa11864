import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { chatChannel, slack } from "../../src/channels/chat/index.ts";
import type { ContextOptions } from "../../src/context/context.ts";
import { createRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import { createServer } from "../../src/server/app.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import type { ScriptedAnswer } from "../../src/testing/scripted-steps.ts";
import type { ApprovalPolicy } from "../../src/thread/events.ts";
import { type DeskStep, deskAgent, frontAgent, HOSTILE } from "./desk-agent.ts";
import {
  type Clicked,
  SIGNING_SECRET,
  type SlackCall,
  signedRequest,
  slackClick,
  slackEvent,
  slackForm,
  slackServer,
  TOKEN,
} from "./slack-server.ts";

let server: Awaited<ReturnType<typeof slackServer>>;
const runtimes: Runtime[] = [];
beforeAll(async () => {
  server = await slackServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.calls.length = 0;
  server.state.isDown = false;
});
afterEach(async () => {
  for (const runtime of runtimes.splice(0)) await runtime.stop();
});

const TEAM = "T061EG9R6";
const boss: ApprovalPolicy = { approvers: [`slack:${TEAM}:UBOSS`] };
const pay = { intent: "pay", amount: 40, to: "ann" } as const;
const done = { intent: "done", message: "All done." } as const;

function office(
  script: readonly ScriptedAnswer<DeskStep>[],
  {
    policy = boss,
    requestsIn,
    context,
    agent = "desk",
  }: {
    agent?: "desk" | "front";
    policy?: ApprovalPolicy;
    requestsIn?: { team: string; channel: string };
    context?: ContextOptions;
  } = {},
) {
  const clock = fakeClock(Date.UTC(2026, 10, 26, 9));
  const desk = deskAgent(script, policy, context);
  const problems: unknown[] = [];
  const channel = chatChannel({
    platform: slack({ signingSecret: SIGNING_SECRET, teams: { [TEAM]: TOKEN }, apiUrl: server.apiUrl }),
    agent,
    requestsIn,
    clock,
    onProblem: (error) => problems.push(error),
  });
  const store = createMemoryStore();
  const runtime = createRuntime({
    agents: [desk.agent, frontAgent()],
    store,
    channels: [channel],
    clock,
    claimMs: 3_600_000,
    sweepMs: 30_000,
  });
  runtimes.push(runtime);
  const post = async (body: string, { form = false, ...signing }: PostOptions = {}) => {
    const type = form ? "application/x-www-form-urlencoded" : "application/json";
    const response = await channel.receive(
      signedRequest(body, type, { at: clock.now(), ...signing }),
      runtime,
    );
    const [summary] = (await runtime.list()).threads;
    if (summary !== undefined) await runtime.settled(summary.threadId);
    return { status: response.status, text: await response.text() };
  };
  return {
    ...desk,
    runtime,
    channel,
    clock,
    problems,
    post,
    mention: (text: string, event: Readonly<Record<string, unknown>> = {}, envelope = {}) =>
      post(slackEvent({ text: `<@U0LAN0Z89> ${text}`, ts: "1515449522.000016", ...event }, envelope)),
    click: (clicked: Clicked, signing?: PostOptions) => post(slackClick(clicked), { form: true, ...signing }),
    async thread() {
      const [summary] = (await runtime.list()).threads;
      if (summary === undefined) throw new Error("there is no thread");
      return runtime.settled(summary.threadId);
    },
    threads: async () => (await runtime.list()).threads,
  };
}

interface PostOptions {
  readonly form?: boolean;
  readonly secret?: string;
  readonly at?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly sent?: string;
}

function callsOf(method: string): readonly SlackCall[] {
  return server.calls.filter((call) => call.method === method);
}

function textOf(call: SlackCall | undefined): string {
  return (call?.body.blocks ?? []).map(({ text }) => text?.text ?? "").join("\n");
}

/** The card that was posted last, and how it is clicked. */
function latestCard() {
  const call = callsOf("chat.postMessage").at(-1);
  const buttons = (call?.body.blocks ?? []).flatMap(({ elements = [] }) => elements);
  const { ts = "" } = call ?? {};
  const button = (action: string, user = "UBOSS"): Clicked => {
    const found = buttons.find(({ action_id }) => action_id === action) ?? never();
    return { user, channel: call?.body.channel ?? "", ts, action, value: found.value ?? "" };
  };
  return { call, ts, text: textOf(call), actions: buttons.map(({ action_id }) => action_id), button };
}

describe("chat", { tags: ["F11.1", "F11.2", "F7.16"] }, () => {
  it("a mention starts a thread, and what comes of it is posted in that conversation", async () => {
    const { mention, thread } = office([{ intent: "tell", message: "One moment." }, done]);
    expect(await mention("where is &lt;order 7&gt;?")).toEqual({ status: 200, text: "" });
    const { events } = await thread();
    expect(events[1]?.data).toMatchObject({
      text: "where is <order 7>?",
      from: { channel: "slack", id: `${TEAM}:U061F7AUR` },
    });
    expect(server.calls.map(({ method, body }) => [method, body.channel, body.thread_ts])).toEqual([
      ["chat.postMessage", "C0LAN2Q65", "1515449522.000016"],
      ["chat.postMessage", "C0LAN2Q65", "1515449522.000016"],
    ]);
    expect(server.calls.map(textOf)).toEqual(["Progress\nOne moment.", "Done\nAll done."]);
  });

  it("a conversation is one thread, in whatever order its messages arrive, and each counts once", {
    tags: "F11.6",
  }, async () => {
    const { mention, post, threads, runtime } = office([done, done, done, done]);
    const reply = { ts: "1515449600.000100", thread_ts: "1515449522.000016" };
    await mention("and 8?", reply, { event_id: "Ev2" });
    await mention("where is 7?", {}, { event_id: "Ev1" });
    for (const [event, id] of [
      [reply, "Ev2"],
      [{}, "Ev1"],
    ] as const) {
      await mention("again", event, { event_id: id });
    }
    const another = { ...reply, ts: "1515449601.000100" };
    await Promise.all([
      mention("once", another, { event_id: "Ev3" }),
      mention("once", another, { event_id: "Ev3" }),
    ]);
    const direct = {
      type: "message",
      channel_type: "im",
      channel: "D024BE91L",
      text: "hello",
      ts: "1515449700.1",
    };
    await post(slackEvent(direct, { event_id: "Ev4" }));
    expect(await threads()).toHaveLength(2);
    const read = await Promise.all((await threads()).map(({ threadId }) => runtime.settled(threadId)));
    const texts = read.flatMap(({ events }) =>
      events.flatMap(({ type, data }) => (type === "message_received" ? [data.text] : [])),
    );
    expect(texts.toSorted()).toEqual(["and 8?", "hello", "once", "where is 7?"]);
  });

  it("below a message of the conversation, nobody has to mention the bot; anywhere else they do", async () => {
    const { mention, post, thread, threads } = office([
      { intent: "ask", question: "Which order?" },
      done,
      done,
    ]);
    const say = (text: string, event: Readonly<Record<string, unknown>> = {}, envelope = {}) => {
      const message = {
        type: "message",
        channel_type: "channel",
        thread_ts: "1515449522.000016",
        text,
        ...event,
      };
      return post(slackEvent(message, envelope));
    };
    await say("nobody was asked", { ts: "1515449500.1" });
    await say("just talking", { ts: "1515449501.1", thread_ts: undefined });
    expect(await threads()).toEqual([]);
    await mention("refund");
    await say("number 7", { ts: "1515449600.1" });
    // Slack sends a mention in a thread twice, as two events.
    for (const type of ["message", "app_mention"])
      await say("<@U0LAN0Z89> thanks", { type, ts: "1515449601.1" }, { event_id: `Ev-${type}` });
    await say("from a program", { ts: "1515449602.1", bot_id: "B1" });
    await say("from elsewhere", { ts: "1515449603.1" }, { team_id: "TEVIL" });
    await say("in another thread", { ts: "1515449604.1", thread_ts: "1515449000.1" });
    await say("in another channel", { ts: "1515449605.1", channel: "C2" });
    const { events } = await thread();
    const said = events.flatMap(({ type, data }) =>
      type === "human_responded" && data.decision.kind === "answered"
        ? [data.decision.text]
        : type === "message_received"
          ? [data.text]
          : [],
    );
    expect(said).toEqual(["refund", "number 7", "thanks"]);
    expect(await threads()).toHaveLength(1);
  });

  it("what Slack has not signed, or long ago, or for another workspace, changes nothing", {
    tags: "F11.3",
  }, async () => {
    const { post, mention, click, clock, threads } = office([]);
    const body = slackEvent({ text: "<@U0LAN0Z89> hi", ts: "1.1" });
    expect((await post(body, { secret: "another secret" })).status).toBe(401);
    expect((await post(body, { at: clock.now() - 400_000 })).status).toBe(401);
    expect((await post(body, { at: clock.now() + 400_000 })).status).toBe(401);
    expect((await post(body, { sent: body.replace("hi", "ho") })).status).toBe(401);
    expect((await post(body, { headers: { "x-slack-signature": "" } })).status).toBe(401);
    expect((await post(body, { headers: { "x-slack-signature": "v0=zz" } })).status).toBe(401);
    for (const ignored of [
      mention("hi", {}, { team_id: "TEVIL" }),
      mention("hi", { bot_id: "B1" }),
      mention("hi", { subtype: "message_changed" }),
      mention("", {}),
      mention("hi", { user: undefined }),
      click({ user: "UBOSS", channel: "C1", ts: "1.1", action: "approve", value: "thr_1234.3 abc" }),
      click({ user: "UBOSS", channel: "C1", ts: "1.1", action: "approve", value: "nonsense" }),
      click({ user: "UBOSS", channel: "C1", ts: "1.1", action: "approve", value: "x", team: "TEVIL" }),
      post(slackForm("{}", { text: "x" }), { form: true }),
      post(slackForm("not json", { text: "x" }), { form: true }),
    ]) {
      expect((await ignored).status).toBe(200);
    }
    expect(await threads()).toEqual([]);
    const challenge = JSON.stringify({ type: "url_verification", token: "x", challenge: "3eZbrw1aB" });
    expect(await post(challenge)).toEqual({ status: 200, text: "3eZbrw1aB" });
  });

  it("a delivery that could not be written is not lost: Slack is told to send it again", {
    tags: "F11.7",
  }, async () => {
    const { runtime, channel, clock, mention, threads } = office([done]);
    const broken = Object.create(runtime, {
      launch: { value: () => Promise.reject(new Error("the disk is full")) },
    });
    const { app, streams } = createServer({
      runtime: broken,
      channels: [channel],
      auth: { kind: "keys", keys: [] },
      log: { info() {}, warn() {}, error() {} },
    });
    const body = slackEvent({ text: "<@U0LAN0Z89> hi", ts: "1515449522.000016" });
    const failed = await app.request(signedRequest(body, "application/json", { at: clock.now() }));
    expect(failed.status).toBe(500);
    expect(await failed.text()).not.toContain("the disk is full");
    streams.close();
    await mention("hi", {});
    expect(await threads()).toHaveLength(1);
  });
});

describe("cards in a chat", { tags: ["F7.6", "F7.7", "F7.8", "F7.10", "F11.1"] }, () => {
  it("the right person approves on the card that was posted, once; it is brought up to date", async () => {
    const { mention, click, thread, paid } = office([pay, done], {
      requestsIn: { team: TEAM, channel: "CBOSS" },
    });
    await mention("pay ann");
    const card = latestCard();
    expect(card.call?.body).toMatchObject({ channel: "CBOSS" });
    expect(card.text).toContain("amount: 40");
    expect(card.text).toContain("to: ann");
    expect(card.actions).toEqual(["approve", "approve_edited", "deny"]);
    const approve = card.button("approve");
    const wrong: readonly Clicked[] = [
      { ...approve, user: "UEVE" },
      { ...approve, userTeam: "TOTHER" },
      { ...approve, channel: "C0LAN2Q65" },
      { ...approve, ts: "1.1" },
      { ...approve, value: approve.value.replace(/ .*/, ` ${"0".repeat(64)}`) },
      { ...approve, value: approve.value.replace(/^\S+/, "thr_other1234.3") },
      { ...approve, action: "something" },
    ];
    for (const clicked of wrong) expect((await click(clicked)).status).toBe(200);
    expect(paid).toEqual([]);
    await Promise.all([click(approve), click(approve), click(card.button("approve", "UEVE"))]);
    await click(approve);
    await expect.poll(() => paid).toEqual(["40 to ann"]);
    expect((await thread()).events.filter(({ type }) => type === "human_responded")).toHaveLength(1);
    await expect.poll(() => callsOf("chat.update").length).toBe(1);
    const [update] = callsOf("chat.update");
    expect(update?.body).toMatchObject({ channel: "CBOSS", ts: card.ts });
    expect(textOf(update)).toContain(`slack:${TEAM}:UBOSS approved`);
    expect(update?.body.blocks?.some(({ type }) => type === "actions")).toBe(false);
    await expect
      .poll(() => callsOf("chat.postEphemeral").map(({ body }) => body.text))
      .toEqual(
        expect.arrayContaining([
          expect.stringContaining("may not decide on this"),
          expect.stringContaining("no card of"),
          expect.stringContaining("older version"),
          "This has been decided already.",
        ]),
      );
  });

  it("a denial with words, and a change of the arguments, come by a form", {
    tags: ["F7.5", "F7.9"],
  }, async () => {
    const { mention, click, post, thread, paid } = office([pay, pay, done]);
    await mention("pay ann");
    await click(latestCard().button("deny"));
    const view = callsOf("views.open").at(-1)?.body.view;
    const denied = slackForm(view?.private_metadata ?? "", { feedback: "too much" });
    expect(
      (await post(slackForm(view?.private_metadata ?? "", { feedback: " " }), { form: true })).text,
    ).toContain('"response_action":"errors"');
    expect(
      (
        await post(slackForm(view?.private_metadata ?? "", { feedback: "x" }, { user: "UEVE" }), {
          form: true,
        })
      ).text,
    ).toContain("may not decide");
    expect(await post(denied, { form: true })).toEqual({ status: 200, text: "" });
    expect((await post(denied, { form: true })).text).toContain("decided already");
    await click(latestCard().button("approve_edited"));
    const edit = callsOf("views.open").at(-1)?.body.view;
    expect(edit?.blocks.map(({ block_id, element }) => [block_id, element.initial_value])).toEqual([
      ["arg.amount", "40"],
      ["arg.to", "ann"],
    ]);
    const send = (values: Readonly<Record<string, string>>) =>
      post(slackForm(edit?.private_metadata ?? "", values), { form: true });
    expect((await send({ "arg.amount": "forty", "arg.to": "ann" })).text).toContain("wanted a number");
    expect((await send({ "arg.amount": "30", "arg.to": "ann" })).text).toBe("");
    expect(paid).toEqual(["30 to ann"]);
    const decisions = (await thread()).events.flatMap(({ type, data }) =>
      type === "human_responded" ? [data.decision] : [],
    );
    expect(decisions).toMatchObject([
      { kind: "denied", feedback: "too much" },
      { kind: "approved", editedStep: { amount: 30 } },
    ]);
  });

  it("whoever has approved a step and changes it then is told that the change has no effect", {
    tags: "F7.8",
  }, async () => {
    const policy = { approvers: [`slack:${TEAM}:UBOSS`, `slack:${TEAM}:UMIA`], needed: 2 };
    const { mention, click, post, thread } = office([pay, done], { policy });
    await mention("pay ann");
    const card = latestCard();
    await click(card.button("approve"));
    await click(card.button("approve_edited"));
    const edit = callsOf("views.open").at(-1)?.body.view;
    const changed = slackForm(edit?.private_metadata ?? "", { "arg.amount": "4", "arg.to": "ann" });
    expect((await post(changed, { form: true })).text).toContain("has approved already");
    const { events } = await thread();
    expect(events.filter(({ type }) => type === "human_responded")).toHaveLength(1);
  });

  it("a question is answered in words, or by a choice, by who may, and a repeated delivery answers no other one", {
    tags: ["F7.14", "F11.6"],
  }, async () => {
    const { mention, click, thread } = office([
      { intent: "ask", question: "Which order?" },
      {
        intent: "ask",
        question: "Sure?",
        options: { format: "multiple_choice", choices: ["Yes, do it", "No"] },
      },
      { intent: "ask", question: "And why?", to: ["slack:T9:UNOBODY"] },
    ]);
    await mention("refund");
    expect(latestCard().text).toContain("Which order?");
    const reply = { ts: "1515449600.000100", thread_ts: "1515449522.000016" };
    for (let n = 0; n < 3; n++) await mention("number 7", reply, { event_id: "EvA" });
    expect(latestCard().text).toContain("Sure?");
    const { state } = await thread();
    expect(state.status).toMatchObject({ kind: "awaiting_human", request: { question: "Sure?" } });
    await click(latestCard().button("choose_0", "U061F7AUR"));
    // Put to somebody else: what is written meanwhile is a message.
    await mention("because", reply, { event_id: "EvB" });
    const { events } = await thread();
    expect(events.flatMap(({ type, data }) => (type === "human_responded" ? [data.decision] : []))).toEqual([
      { kind: "answered", text: "number 7" },
      { kind: "answered", text: "Yes, do it" },
    ]);
    expect(events.filter(({ type }) => type === "message_received")).toHaveLength(2);
  });

  it("what a thread below asks is posted in the same conversation, and answered there; its end is not told", {
    tags: "F10.4",
  }, async () => {
    const { mention, runtime, threads } = office([{ intent: "ask", question: "Which order?" }, done], {
      agent: "front",
    });
    await mention("refund");
    await expect.poll(() => latestCard().text).toContain("Which order?");
    expect(latestCard().call?.body.thread_ts).toBe("1515449522.000016");
    const [front = never()] = (await threads()).filter(({ agent }) => agent === "front");
    await mention(
      "number 7",
      { ts: "1515449600.000100", thread_ts: "1515449522.000016" },
      { event_id: "EvA" },
    );
    const { events, state } = await runtime.settled(front.threadId);
    expect(events.filter(({ type }) => type === "message_received")).toHaveLength(1);
    expect(state.ended?.kind).toBe("finished");
    await expect.poll(() => textOf(callsOf("chat.postMessage").at(-1))).toContain("The desk is done.");
    expect(callsOf("chat.postMessage").map(textOf).join()).not.toContain("All done.");
  });

  it("a newer message replaces the card, and the old one decides nothing", { tags: "F7.17" }, async () => {
    const { mention, click, paid } = office([pay, done]);
    await mention("pay ann");
    const old = latestCard().button("approve");
    await mention("pay her 50!", { ts: "1515449600.1", thread_ts: "1515449522.000016" }, { event_id: "Ev2" });
    const card = latestCard();
    expect(card.text).toContain("pay her 50!");
    await click(old);
    expect(paid).toEqual([]);
    await expect.poll(() => callsOf("chat.update").map(textOf).join()).toContain("asked again");
    await click(card.button("approve"));
    expect(paid).toEqual(["40 to ann"]);
  });

  it("hostile text in every field is plain text; a card that is too long to be shown cannot be approved", {
    tags: "S4",
  }, async () => {
    const { mention, post } = office([
      { intent: "pay", amount: 1, to: HOSTILE },
      { intent: "pay", amount: 1, to: "x".repeat(200_000) },
    ]);
    await mention(`${HOSTILE} x`);
    const card = latestCard();
    for (const { type, text } of card.call?.body.blocks ?? []) {
      if (type !== "actions") expect(text?.type).toBe("plain_text");
    }
    expect(card.text).toContain("[U+202E]");
    // What holds hidden characters cannot be edited unseen.
    expect(card.actions).toEqual(["approve", "deny"]);
    for (const { body } of server.calls) expect(body.text ?? "").not.toMatch(/[<>]/);
    const { button } = card;
    await post(slackClick(button("deny")), { form: true });
    const meta = callsOf("views.open").at(-1)?.body.view?.private_metadata ?? "";
    await post(slackForm(meta, { feedback: "no" }), { form: true });
    const long = latestCard();
    expect(long.text).toContain("too long to be shown");
    expect(long.actions).toEqual([]);
  });

  it("what the agent hides is hidden from everybody who is told, and an edit keeps it", {
    tags: ["F3.8", "F7.9"],
  }, async () => {
    const card = "4111 1111 1111 1111";
    const { mention, click, post, paid } = office(
      [
        { intent: "pay", amount: 40, to: card },
        { intent: "done", message: `Paid to ${card}.` },
      ],
      { context: { redact: {} } },
    );
    await mention(`pay to ${card}`);
    await click(latestCard().button("approve_edited"));
    const view = callsOf("views.open").at(-1)?.body.view;
    const values = Object.fromEntries(
      (view?.blocks ?? []).map(({ block_id, element }) => [block_id, element.initial_value ?? ""]),
    );
    expect(values["arg.to"]).toMatch(/^\[\w+:1\]$/);
    await post(slackForm(view?.private_metadata ?? "", { ...values, "arg.amount": "30" }), { form: true });
    expect(paid).toEqual([`30 to ${card}`]);
    await expect.poll(() => callsOf("chat.update").length).toBe(1);
    expect(latestCard().text).toContain("Paid to [");
    expect(JSON.stringify(server.calls)).not.toContain("4111");
  });
});

describe("the options of the chat channel", { tags: "E4" }, () => {
  it("are checked at the door", () => {
    const platform = slack({ signingSecret: SIGNING_SECRET, teams: { [TEAM]: TOKEN } });
    expect(() => slack({ signingSecret: "", teams: { [TEAM]: TOKEN } })).toThrow("signingSecret");
    expect(() => slack({ signingSecret: SIGNING_SECRET, teams: {} })).toThrow("at least one workspace");
    expect(() => chatChannel({ platform, name: "a/b" })).toThrow("name");
    const wrong = { platform, agents: "desk" };
    expect(() => chatChannel(wrong)).toThrow("agents");
    const requestsIn = { channel: "CBOSS" };
    expect(() => chatChannel({ platform, requestsIn })).toThrow("requestsIn.team is missing");
    expect(() => chatChannel({ platform, requestsIn: { team: "TOTHER", ...requestsIn } })).toThrow(
      "requestsIn.team is none that the platform serves",
    );
    expect(chatChannel({ platform, requestsIn: { team: TEAM, ...requestsIn } }).name).toBe("slack");
  });
});

function never(): never {
  throw new Error("it cannot be");
}
