import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { chatChannel, discord, teams, telegram } from "../../src/channels/chat/index.ts";
import { createRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import type { ScriptedAnswer } from "../../src/testing/scripted-steps.ts";
import {
  discordWorld,
  type Press,
  type Shown,
  type Signing,
  slackWorld,
  teamsWorld,
  telegramWorld,
  type World,
} from "./chat-worlds.ts";
import { type DeskStep, deskAgent, HOSTILE } from "./desk-agent.ts";

const pay = { intent: "pay", amount: 40, to: "ann" } as const;
const done = { intent: "done", message: "All done." } as const;

describe.each([
  ["Slack", slackWorld],
  ["Teams", teamsWorld],
  ["Discord", discordWorld],
  ["Telegram", telegramWorld],
] as const)("%s", { tags: ["F11.1", "F11.2", "F11.3", "F11.6", "F7.6", "F7.7"] }, (_name, open) => {
  let world: World;
  const runtimes: Runtime[] = [];
  beforeAll(async () => {
    world = await open();
  });
  afterAll(() => world.close());
  afterEach(async () => {
    world.reset();
    for (const runtime of runtimes.splice(0)) await runtime.stop();
  });

  function office(script: readonly ScriptedAnswer<DeskStep>[], allow?: readonly string[]) {
    const clock = fakeClock(Date.UTC(2026, 10, 26, 9));
    const { boss, ann } = world.people;
    const desk = deskAgent(script, { approvers: [world.who(boss)] });
    const channel = chatChannel({
      platform: world.platform,
      agent: "desk",
      requestsIn: { team: world.team, channel: world.desk },
      allow,
      link: ({ id }) => `https://agents.example.com/inbox/requests/${id}`,
      clock,
    });
    const runtime = createRuntime({
      agents: [desk.agent],
      store: createMemoryStore(),
      channels: [channel],
      clock,
      claimMs: 3_600_000,
      sweepMs: 30_000,
    });
    runtimes.push(runtime);
    const settle = async () => {
      for (const { threadId } of (await runtime.list()).threads) await runtime.settled(threadId);
    };
    const send = async (body: string, wrong?: Signing["wrong"]) => {
      const response = await channel.receive(world.sign(body, { at: clock.now(), wrong }), runtime);
      await settle();
      return { status: response.status, text: await response.text() };
    };
    return {
      ...desk,
      runtime,
      channel,
      clock,
      send,
      say: (text: string, id: string, user = ann) => send(world.write({ text, id, user })),
      press: (press: Press) => send(world.press(press)),
      threads: async () => (await runtime.list()).threads,
      async events() {
        const all = await Promise.all(
          (await runtime.list()).threads.map(({ threadId }) => runtime.settled(threadId)),
        );
        return all.flatMap(({ events }) => events);
      },
    };
  }

  const latest = (): Shown => world.posted().at(-1) ?? never();

  function button(card: Shown, action: string, user: string): Press {
    return { user, channel: card.channel, id: card.id, action, value: card.buttons.get(action) ?? never() };
  }

  it("what somebody writes starts a thread and goes on with it, once for each message; the answer comes back there", async () => {
    const { say, events, threads } = office([{ intent: "tell", message: "One moment." }, done, done]);
    expect((await say("where is <order 7>?".replaceAll(/[<>]/g, ""), "101")).status).toBe(200);
    await say("where is order 7?", "101");
    await say("and 8?", "102");
    await say("and 8?", "102");
    expect(await threads()).toHaveLength(1);
    const texts = (await events()).flatMap(({ type, data }) => (type === "message_received" ? [data] : []));
    expect(texts.map(({ text }) => text)).toEqual(["where is order 7?", "and 8?"]);
    expect(`${texts[0]?.from.channel}:${texts[0]?.from.id}`).toBe(world.who(world.people.ann));
    expect(world.posted().map(({ text }) => text)).toEqual([
      "Progress\nOne moment.",
      "Done\nAll done.",
      "Done\nAll done.",
    ]);
  });

  it("what the platform has not proven, or long ago, or for others, changes nothing", async () => {
    const { send, threads } = office([]);
    const { ann: user } = world.people;
    const body = world.write({ text: "hi", id: "101", user });
    for (const wrong of ["key", "none", ...(world.hasTime ? (["old", "early"] as const) : [])] as const) {
      expect((await send(body, wrong)).status, wrong).toBe(401);
    }
    const dropped = [
      world.write({ text: "hi", id: "101", user, isProgram: true }),
      world.write({ text: "", id: "101", user }),
      ...(world.team === undefined ? [] : [world.write({ text: "hi", id: "101", user, team: "9999999999" })]),
      world.press({ user, channel: world.desk, id: "1", action: "approve", value: "thr_1234.3 abc" }),
      world.press({
        user,
        channel: world.desk,
        id: "1",
        action: "approve",
        value: "~0123456789abcdef0123456789abcdef",
      }),
    ];
    for (const one of dropped) expect((await send(one)).status).toBe(200);
    expect(await threads()).toEqual([]);
    expect(world.posted()).toEqual([]);
  });

  it("the right person approves in the right place, once; the card is brought up to date", async () => {
    const { say, press, send, paid, events } = office([pay, done]);
    await say("pay ann", "101");
    const card = latest();
    expect(card.channel).toBe(world.desk);
    expect(card.text).toContain("amount: 40");
    expect(card.text).toContain("to: ann");
    expect([...card.buttons.keys()]).toEqual(
      world.canEdit ? ["approve", "approve_edited", "deny"] : ["approve", "deny"],
    );
    const { boss, eve } = world.people;
    const approve = button(card, "approve", boss);
    const wrong: readonly Press[] = [
      { ...approve, user: eve },
      { ...approve, channel: "4242" },
      { ...approve, id: "4242" },
      { ...approve, value: `~${"0".repeat(32)}` },
      { ...approve, action: "something" },
      ...(world.team === undefined ? [] : [{ ...approve, team: "9999999999" }]),
    ];
    const answers: { status: number; text: string }[] = [];
    for (const pressed of wrong) answers.push(await press(pressed));
    expect(paid).toEqual([]);
    await Promise.all([press(approve), press(approve), press({ ...approve, user: eve })]);
    const replay = world.press(approve);
    answers.push(await send(replay), await send(replay));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(paid).toEqual(["40 to ann"]);
    expect((await events()).filter(({ type }) => type === "human_responded")).toHaveLength(1);
    const told = () => world.told(answers.map(({ text }) => text));
    await expect.poll(told).toContain("may not decide on this");
    await expect.poll(told).toContain("no card of that request");
    await expect.poll(told).toContain("decided already");
    await expect.poll(() => world.changed().length).toBe(1);
    const [changed = never()] = world.changed();
    expect(changed).toMatchObject({ channel: world.desk, id: card.id });
    expect(changed.text).toContain(`${world.who(boss)} approved`);
    expect(changed.buttons.size).toBe(0);
  });

  it("a denial takes words; a change of the arguments takes a form, or is said to be made elsewhere", {
    tags: ["F7.5", "F7.9"],
  }, async () => {
    // Who may write is not who may decide.
    const allow = [world.who(world.people.ann).slice(world.name.length + 1)];
    const { say, press, send, paid, events, threads } = office([pay, pay, done], allow);
    const { boss, eve } = world.people;
    const submit = async (
      card: Shown,
      action: string,
      fields: Readonly<Record<string, string>>,
      user = boss,
    ) => {
      const opened = await press(button(card, action, user));
      return send(world.submit(button(card, action, user), fields, opened.text));
    };
    await say("pay ann", "100", boss);
    expect(await threads()).toEqual([]);
    await say("pay ann", "101");
    const first = latest();
    await submit(first, "deny", { feedback: " " });
    await submit(first, "deny", { feedback: "mine now" }, eve);
    expect((await events()).filter(({ type }) => type === "human_responded")).toEqual([]);
    await submit(first, "deny", { feedback: "too much" });
    const second = world.posted().findLast(({ buttons }) => buttons.size > 0) ?? never();
    expect(second.id).not.toBe(first.id);
    if (world.canEdit) {
      await submit(second, "approve_edited", { "arg.amount": "forty", "arg.to": "ann" });
      expect(paid).toEqual([]);
      await submit(second, "approve_edited", { "arg.amount": "30", "arg.to": "ann" });
    } else {
      expect(second.text).toContain("can be changed only at the link");
      expect(JSON.stringify(second.raw)).toContain("https://agents.example.com/inbox/requests/");
      await press(button(second, "approve", boss));
    }
    expect(paid).toEqual([world.canEdit ? "30 to ann" : "40 to ann"]);
    const decisions = (await events()).flatMap(({ type, data }) =>
      type === "human_responded" ? [data.decision] : [],
    );
    expect(decisions).toMatchObject([{ kind: "denied", feedback: "too much" }, { kind: "approved" }]);
  });

  it("a question is answered by the next message, or by a choice, and a repeated message answers no other one", {
    tags: "F7.14",
  }, async () => {
    const { say, press, events } = office([
      { intent: "ask", question: "Which order?" },
      {
        intent: "ask",
        question: "Sure?",
        options: { format: "multiple_choice", choices: ["Yes, do it", "No"] },
      },
      { intent: "ask", question: "And why?", to: ["slack:T9:UNOBODY"] },
    ]);
    const { ann } = world.people;
    await say("refund", "101");
    for (let n = 0; n < 3; n++) await say("number 7", "102");
    const card = latest();
    expect(card.text).toContain("Sure?");
    await press(button(card, "choose_0", ann));
    await say("because", "103");
    const all = await events();
    expect(all.flatMap(({ type, data }) => (type === "human_responded" ? [data.decision] : []))).toEqual([
      { kind: "answered", text: "number 7" },
      { kind: "answered", text: "Yes, do it" },
    ]);
    expect(all.filter(({ type }) => type === "message_received")).toHaveLength(2);
  });

  it("a newer message replaces the card, and the old one decides nothing", { tags: "F7.17" }, async () => {
    const { say, press, paid } = office([pay, done]);
    const { boss } = world.people;
    await say("pay ann", "101");
    const old = latest();
    await say("pay her 50!", "102");
    const card = latest();
    expect(card.text).toContain("pay her 50!");
    await press(button(old, "approve", boss));
    expect(paid).toEqual([]);
    await expect
      .poll(() =>
        world
          .changed()
          .map(({ text }) => text)
          .join(),
      )
      .toContain("asked again");
    await press(button(card, "approve", boss));
    expect(paid).toEqual(["40 to ann"]);
  });

  it("hostile text is shown as it is and works as nothing; what cannot be shown whole cannot be approved here", {
    tags: "S4",
  }, async () => {
    const { say, press, send } = office([
      { intent: "pay", amount: 1, to: HOSTILE },
      { intent: "pay", amount: 1, to: "x".repeat(200_000) },
      { intent: "done", message: `${HOSTILE}\n${"word ".repeat(3_000)}the end` },
    ]);
    const { boss } = world.people;
    await say(`${HOSTILE} x`, "101");
    const card = latest();
    expect(card.text).toContain("[U+202E]");
    expect(card.text).toContain("<script>alert(1)</script>");
    expectNoMarkup(world.name, card.raw);
    // What holds hidden characters cannot be edited unseen.
    expect([...card.buttons.keys()]).toEqual(["approve", "deny"]);
    const deny = async (shown: Shown) => {
      const opened = await press(button(shown, "deny", boss));
      await send(world.submit(button(shown, "deny", boss), { feedback: "no" }, opened.text));
    };
    await deny(card);
    const long = latest();
    expect(long.text).toContain("too long to be shown");
    expect(long.buttons.size).toBe(0);
    expect(JSON.stringify(long.raw)).toContain("https://agents.example.com/inbox/requests/");
  });

  it("what could not be written is not acknowledged, and counts when it comes again", {
    tags: "F11.7",
  }, async () => {
    const { runtime, channel, clock, say, threads } = office([done]);
    const broken = Object.create(runtime, {
      launch: { value: () => Promise.reject(new Error("the disk is full")) },
    });
    const body = world.write({ text: "hello", id: "101", user: world.people.ann });
    await expect(channel.receive(world.sign(body, { at: clock.now() }), broken)).rejects.toThrow("disk");
    await say("hello", "101");
    expect(await threads()).toHaveLength(1);
  });

  it("a long answer comes whole, in as many messages as it takes", { tags: "F7.16" }, async () => {
    const words = Array.from({ length: 4_000 }, (_, n) => `w${n}`).join(" ");
    const { say } = office([{ intent: "done", message: words }]);
    await say("tell me", "101");
    const told = world.posted().map(({ text }) => text.replaceAll("\n", " "));
    for (const word of ["w0", "w1999", "w3999"]) expect(told.join(" ")).toContain(word);
    for (const { raw } of world.posted()) expectNoMarkup(world.name, raw);
  });
});

/** What a platform makes of a request, without anything behind it. */
async function readAs(world: World, body: object, headers?: Readonly<Record<string, string>>) {
  const at = Date.UTC(2026, 10, 26, 9);
  const text = JSON.stringify(body);
  const request =
    headers === undefined
      ? world.sign(text, { at })
      : new Request("https://a.example", { method: "POST", body: text, headers });
  return world.platform.read(request, at);
}

describe("what is said where several people are", { tags: ["F11.1", "F11.3"] }, () => {
  it("in a group of Telegram, the bot hears what is for it; each person has a conversation of their own", async () => {
    const world = await telegramWorld();
    const say = (rest: object) =>
      readAs(world, {
        update_id: 1,
        message: {
          message_id: 5,
          date: 1,
          chat: { id: -77, type: "supergroup" },
          from: { id: 11, is_bot: false },
          ...rest,
        },
      });
    expect(await say({ text: "hello all" })).toMatchObject({ kind: "ignored" });
    expect(await say({ text: "@desk_bot_two hello" })).toMatchObject({ kind: "ignored" });
    expect(await say({ text: "@desk_bot where is 7?" })).toMatchObject({
      text: "where is 7?",
      from: { team: "", user: "11" },
      place: { channel: "-77", thread: "~11" },
      lasting: "same",
    });
    expect(await say({ text: "/new@desk_bot where is 8?" })).toMatchObject({
      text: "where is 8?",
      lasting: "new",
    });
    const topic = {
      is_topic_message: true,
      message_thread_id: 3,
      reply_to_message: { message_id: 4, from: { id: 110201543, is_bot: true } },
    };
    expect(await say({ text: "7", ...topic })).toMatchObject({ place: { thread: "3~11" }, repliesTo: "4" });
    expect(await say({ text: "@desk_bot hi", sender_chat: { id: -77 } })).toMatchObject({ kind: "ignored" });
    await world.close();
  });

  it("in a channel of Teams, a post and what is below it are a conversation, for whom the token is for", async () => {
    const world = await teamsWorld();
    const base = JSON.parse(world.write({ text: "", id: "1", user: "ann-0001" }));
    const conversation = { conversationType: "channel", id: "19:abc@thread.tacv2;messageid=1481567603816" };
    const mention = { type: "mention", text: "<at>Desk</at>", mentioned: base.recipient };
    const first = {
      ...base,
      conversation,
      text: "<at>Desk</at> where is 7?",
      entities: [mention],
      id: "1481567603816",
    };
    expect(await readAs(world, first)).toMatchObject({
      text: "where is 7?",
      place: { channel: "19:abc@thread.tacv2", thread: "1481567603816" },
      isAddressed: true,
    });
    expect(await readAs(world, { ...first, text: "and 8?", entities: [] })).toMatchObject({
      isAddressed: false,
    });
    expect(await readAs(world, { ...first, channelId: "webchat" })).toMatchObject({ kind: "ignored" });
    await expect(readAs(world, { ...first, serviceUrl: "https://evil.example/" })).rejects.toThrow(
      "another service",
    );
    await expect(readAs(world, first, { authorization: "Bearer e30.e30.e30" })).rejects.toThrow("no token");
    await world.close();
  });

  it("what the Gateway tells of Discord's messages is taken from who has the bot's token, while it is new", async () => {
    const world = await discordWorld();
    const token = { "x-discord-gateway-token": "MTk4NjIyNDgzNDcxOTI1MjQ4" };
    const data = {
      id: "1",
      channel_id: "5",
      guild_id: world.team,
      channel_type: 0,
      author: { id: "11" },
      content: "<@845027738276462632> hi",
      mentions: [{ id: "845027738276462632" }],
    };
    const event = { type: "GATEWAY_MESSAGE_CREATE", timestamp: Date.UTC(2026, 10, 26, 9), data };
    expect(await readAs(world, event, token)).toMatchObject({
      text: "hi",
      place: { thread: "~11" },
      isAddressed: true,
    });
    const inThread = { ...data, channel_type: 11, mentions: [], content: "and 8?" };
    expect(await readAs(world, { ...event, data: inThread }, token)).toMatchObject({
      place: { thread: "" },
      isAddressed: false,
    });
    for (const ignored of [
      { mentions: [] },
      { author: { id: "11", bot: true } },
      { guild_id: "4" },
      { guild_id: undefined },
      { webhook_id: "3" },
    ]) {
      expect(await readAs(world, { ...event, data: { ...data, ...ignored } }, token)).toMatchObject({
        kind: "ignored",
      });
    }
    await expect(readAs(world, event, { "x-discord-gateway-token": "another" })).rejects.toThrow(
      "not signed",
    );
    await expect(readAs(world, { ...event, timestamp: 1 }, token)).rejects.toThrow("too long ago");
    await world.close();
  });

  it("the options of each platform are checked at the door", { tags: "E4" }, () => {
    expect(() => telegram({ botToken: "1:abcdefgh", secretToken: "short", userName: "b" })).toThrow(
      /secretToken.*userName/,
    );
    expect(() => discord({ publicKey: "x", applicationId: "1", botToken: "12345678", guilds: [] })).toThrow(
      /publicKey.*guilds/,
    );
    expect(() => teams({ appId: "12345678", clientSecret: "12345678", tenants: [] })).toThrow("tenants");
  });
});

function never(): never {
  throw new Error("it cannot be");
}

/** Whether a message has nothing in it that the platform would read as more than text. */
function expectNoMarkup(name: string, raw: unknown): void {
  const sent = JSON.stringify(raw);
  switch (name) {
    case "slack":
      expect(sent).not.toContain('"mrkdwn"');
      return;
    case "teams":
      expect(sent).not.toContain('"TextBlock"');
      return;
    case "discord":
      expect(sent).toContain('"allowed_mentions":{"parse":[]}');
      expect(sent).not.toMatch(/(?<!\\)[<[*_`]click|(?<!\\\\)<@/);
      return;
    case "telegram":
      expect(sent).not.toContain("parse_mode");
      expect(sent).toContain('"link_preview_options":{"is_disabled":true}');
      return;
    default:
      never();
  }
}
