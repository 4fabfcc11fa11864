import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type SmsChannelOptions, signTwilio, smsChannel } from "../../src/channels/sms/index.ts";
import { splitText } from "../../src/channels/sms/split-text.ts";
import { createRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import type { ScriptedAnswer } from "../../src/testing/scripted-steps.ts";
import type { ApprovalPolicy } from "../../src/thread/events.ts";
import { type DeskStep, deskAgent, HOSTILE } from "./desk-agent.ts";

const ACCOUNT = `AC${"0".repeat(32)}`;
const TOKEN = "12345-secret-token";
const URL_HERE = "https://agents.example.com/channels/sms";
const OWN = "+18005551212";
const ANN = "+14158675309";
const BOSS = "+14158675310";
const boss: ApprovalPolicy = { approvers: [`sms:${BOSS}`] };
const pay = { intent: "pay", amount: 40, to: "ann" } as const;
const done = { intent: "done", message: "All done." } as const;

const sent: { readonly to: string; readonly from: string; readonly body: string; readonly auth: string }[] =
  [];
const state = { isDown: false, refused: 0 };
const server = createServer(async (request, response) => {
  const params = new URLSearchParams(await text(request));
  if (state.isDown) {
    state.refused += 1;
    response.writeHead(503, { "content-type": "application/json" }).end('{"code":20503,"message":"down"}');
    return;
  }
  const field = (name: string) => params.get(name) ?? "";
  sent.push({
    to: field("To"),
    from: field("From"),
    body: field("Body"),
    auth: String(request.headers.authorization),
  });
  response.writeHead(201, { "content-type": "application/json" }).end('{"sid":"SM1"}');
});
let apiUrl = "";
const runtimes: Runtime[] = [];
beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no address");
  apiUrl = `http://127.0.0.1:${address.port}/`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  sent.length = 0;
  state.isDown = false;
});
afterEach(async () => {
  for (const runtime of runtimes.splice(0)) await runtime.stop();
});

let count = 0;

function office(
  script: readonly ScriptedAnswer<DeskStep>[],
  { policy = boss, ...options }: Partial<SmsChannelOptions> & { readonly policy?: ApprovalPolicy } = {},
) {
  const clock = fakeClock(Date.UTC(2026, 10, 26, 9));
  const desk = deskAgent(script, policy);
  const channel = smsChannel({
    accountSid: ACCOUNT,
    authToken: TOKEN,
    apiUrl,
    from: OWN,
    url: URL_HERE,
    secret: "a secret of at least thirty-two characters",
    agent: "desk",
    clock,
    ...options,
  });
  const store = createMemoryStore();
  const runtime = createRuntime({
    agents: [desk.agent],
    store,
    channels: [channel],
    clock,
    claimMs: 3_600_000,
    sweepMs: 30_000,
  });
  runtimes.push(runtime);
  const settle = async () => {
    for (const { threadId } of (await runtime.list()).threads) await runtime.settled(threadId);
  };
  const write = async (
    Body: string,
    { by = TOKEN, url = URL_HERE, extra = "", ...fields }: Readonly<Record<string, string>> = {},
  ) => {
    count += 1;
    const sid = `SM${count}`;
    const params = new Map(
      Object.entries({
        AccountSid: ACCOUNT,
        MessageSid: sid,
        From: ANN,
        To: OWN,
        Body,
        NumMedia: "0",
        ...fields,
      }),
    );
    const signature = signTwilio(by, url, params);
    const response = await channel.receive(
      new Request("http://10.0.0.7:3120/channels/sms", {
        method: "POST",
        body: `${new URLSearchParams([...params])}${extra}`,
        headers: { "content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature },
      }),
      runtime,
    );
    await settle();
    return { status: response.status, text: await response.text() };
  };
  return { ...desk, runtime, clock, write, threads: async () => (await runtime.list()).threads };
}

const codeIn = (body: string | undefined) => / ([2-9A-HJKMNP-Z]{6})[ ,.]/.exec(body ?? "")?.[1] ?? "";

describe("text messages", { tags: ["F11.1", "F11.2", "F7.16"] }, () => {
  it("are signed over the public address, as Twilio's own example is", { tags: "F11.3" }, () => {
    const params = {
      CallSid: "CA1234567890ABCDE",
      Caller: "+14158675309",
      Digits: "1234",
      From: "+14158675309",
      To: "+18005551212",
    };
    const url = "https://mycompany.com/myapp.php?foo=1&bar=2";
    expect(signTwilio("12345", url, new Map(Object.entries(params)))).toBe("RSOYDt4T1cUTdK1PDd93/VVr8B8=");
  });

  it("start a thread for a number, go on with it for a day, and are answered", {
    tags: "F11.6",
  }, async () => {
    const { write, threads, clock, runtime } = office([done, done, done, done]);
    expect(await write("where is 7?", { MessageSid: "SMa" })).toEqual({ status: 200, text: "<Response/>" });
    for (let n = 0; n < 2; n++) await write("where is 7?", { MessageSid: "SMa" });
    await write("REFUND it");
    expect(await threads()).toHaveLength(1);
    expect(sent.map(({ to, from, body }) => [to, from, body])).toEqual([
      [ANN, OWN, "All done."],
      [ANN, OWN, "All done."],
    ]);
    expect(sent[0]?.auth).toBe(`Basic ${Buffer.from(`${ACCOUNT}:${TOKEN}`).toString("base64")}`);
    await clock.advance(25 * 3_600_000);
    await write("another thing");
    await write("and from me", { From: BOSS });
    expect(await threads()).toHaveLength(3);
    const [latest] = await threads();
    const { events } = await runtime.get(latest?.threadId ?? never());
    expect(events[1]?.data).toMatchObject({ from: { channel: "sms", id: BOSS }, text: "and from me" });
    // Nothing is left of a number whose conversation is deleted.
    const key = `sms:sms:conversation:${BOSS}`;
    expect(await runtime.store.getValue(key)).toContain(latest?.threadId);
    await runtime.delete(latest?.threadId ?? never());
    expect(await runtime.store.getValue(key)).toBeUndefined();
  });

  it("that only begin like an answer are messages like any other", async () => {
    const { write, threads } = office([done, done, done]);
    for (const body of ["Approve my refund, please", "deny the charge of 40", "approve refund 7 now"])
      expect((await write(body)).text, body).toBe("<Response/>");
    expect(sent).toHaveLength(3);
    expect(await threads()).toHaveLength(1);
  });

  it("that Twilio has not signed for this address, or that are for somebody else, change nothing", {
    tags: ["F11.3", "F11.4"],
  }, async () => {
    const { write, threads } = office([], { allow: [ANN] });
    expect((await write("hi", { by: "another" })).status).toBe(401);
    expect((await write("hi", { url: "http://10.0.0.7:3120/channels/sms" })).status).toBe(401);
    expect((await write("hi", { extra: "&Body=pay" })).status).toBe(401);
    expect((await write("hi", { extra: "&Extra=1" })).status).toBe(401);
    for (const fields of [
      { AccountSid: `AC${"1".repeat(32)}` },
      { To: "+18005551213" },
      { From: BOSS },
      { From: "" },
      { From: "SHOP" },
      { From: `whatsapp:${ANN}` },
      { MessageSid: "" },
      { Body: "  " },
    ]) {
      const { status, text: said } = await write("hi", fields);
      expect([status, said], JSON.stringify(fields)).toEqual([200, expect.stringContaining("dropped")]);
    }
    expect([await threads(), sent]).toEqual([[], []]);
  });
});

describe("decisions by text", { tags: ["F7.6", "F7.7", "F7.8", "F7.14"] }, () => {
  it("need the code of this card, which only this number has got; a forged number knows none", async () => {
    const { write, paid, runtime, threads } = office([pay, done]);
    await write("pay ann");
    const card = sent.at(-1);
    expect(card).toMatchObject({ to: BOSS });
    for (const shown of ["Approval needed", "amount: 40", "to: ann"]) expect(card?.body).toContain(shown);
    const code = codeIn(card?.body);
    expect(code).toMatch(/^[2-9A-Z]{6}$/);
    for (const [body, From] of [
      ["APPROVE", BOSS],
      ["approve it", BOSS],
      [`APPROVE ${code}`, ANN],
      ["APPROVE 222222", BOSS],
      [`DENY ${code}`, BOSS],
    ] as const) {
      expect((await write(body, { From })).text, body).toContain("dropped");
    }
    expect(sent.at(-1)?.body).toContain("Your answer had no effect: say behind the code why");
    expect(paid).toEqual([]);
    await Promise.all([
      write(`approve ${code.toLowerCase()}`, { From: BOSS, MessageSid: "SMyes" }),
      write(`approve ${code}`, { From: BOSS, MessageSid: "SMyes" }),
    ]);
    expect(paid).toEqual(["40 to ann"]);
    expect((await write(`deny ${code} no`, { From: BOSS })).text).toContain("is closed");
    const read = await Promise.all((await threads()).map(({ threadId }) => runtime.get(threadId)));
    expect(
      read.flatMap(({ events }) => events.filter(({ type }) => type === "human_responded")),
    ).toHaveLength(1);
  });

  it.each([true, false])(
    "who need not answer any more is told so once, unless nobody is to be (%s)",
    async (tellClosed) => {
      const other = "+4916000";
      const policy = { approvers: [`sms:${BOSS}`, `sms:${other}`] };
      const { write, paid } = office([pay, done], { policy, tellClosed });
      await write("pay ann");
      const code = codeIn(sent.find(({ to }) => to === BOSS)?.body);
      await write(`approve ${code}`, { From: BOSS });
      expect(paid).toEqual(["40 to ann"]);
      const closing = () => sent.filter(({ body }) => body.includes("You need not answer any more"));
      await expect.poll(() => sent.some(({ body }) => body.includes("All done."))).toBe(true);
      if (tellClosed) await expect.poll(() => closing().length).toBe(1);
      expect(closing().map(({ to }) => to)).toEqual(tellClosed ? [other] : []);
    },
  );

  it("after five wrong codes a number's codes are not looked at for an hour", async () => {
    const { write, paid, clock } = office([pay, done]);
    await write("pay ann");
    const code = codeIn(sent.at(-1)?.body);
    for (let n = 0; n < 5; n++) await write(`APPROVE 22222${n + 2}`, { From: BOSS });
    await write(`APPROVE ${code}`, { From: BOSS });
    expect(paid).toEqual([]);
    await clock.advance(3_700_000);
    await write(`APPROVE ${code}`, { From: BOSS });
    expect(paid).toEqual(["40 to ann"]);
  });

  it("an older card's code decides nothing; a question's answer stands behind its code", {
    tags: ["F7.5", "F7.17"],
  }, async () => {
    const { write, paid, threads, runtime } = office([
      { intent: "ask", question: "Which order?" },
      pay,
      { intent: "pay", amount: 30, to: "ann" },
      done,
    ]);
    await write("refund me");
    expect(sent.at(-1)).toMatchObject({ to: ANN, body: expect.stringContaining("Which order?") });
    const question = codeIn(sent.at(-1)?.body);
    expect(question).not.toBe("");
    await write(`${question} number 7`);
    const old = codeIn(sent.at(-1)?.body);
    await write("and hurry!");
    expect(sent.at(-1)?.body).toContain("and hurry!");
    const code = codeIn(sent.at(-1)?.body);
    await write(`APPROVE ${old}`, { From: BOSS });
    expect(paid).toEqual([]);
    await write(`DENY ${code} at most 30`, { From: BOSS });
    const [summary] = await threads();
    const { events } = await runtime.get(summary?.threadId ?? never());
    expect(events.flatMap(({ type, data }) => (type === "human_responded" ? [data.decision] : []))).toEqual([
      { kind: "answered", text: "number 7" },
      { kind: "denied", feedback: "at most 30" },
    ]);
  });

  it("hostile text is shown as it is; a card that is too long gets no code", { tags: "S4" }, async () => {
    const long = { intent: "pay", amount: 1, to: "x".repeat(20_000) } as const;
    const { write } = office([{ intent: "pay", amount: 1, to: HOSTILE }, long]);
    await write(HOSTILE);
    const bodies = sent.map(({ body }) => body).join("\n");
    expect(bodies).toContain("[U+202E]");
    const code = codeIn(/Reply APPROVE.*/.exec(bodies)?.[0]);
    sent.length = 0;
    await write(`DENY ${code} no`, { From: BOSS });
    expect(sent).toHaveLength(1);
    expect(sent[0]?.body).toContain("too long for a text");
    expect(sent[0]?.body).not.toContain("APPROVE");
  });

  it("over WhatsApp it is the same, for people of WhatsApp", async () => {
    const policy = { approvers: [`whatsapp:${BOSS}`] };
    const { write, paid } = office([pay, done], { from: `whatsapp:${OWN}`, policy });
    const To = `whatsapp:${OWN}`;
    await write("pay ann", { From: `whatsapp:${ANN}`, To });
    expect(sent.at(-1)).toMatchObject({ to: `whatsapp:${BOSS}`, from: To });
    await write(`APPROVE ${codeIn(sent.at(-1)?.body)}`, { From: `whatsapp:${BOSS}`, To });
    expect(paid).toEqual(["40 to ann"]);
    expect(sent.at(-1)).toMatchObject({ to: `whatsapp:${ANN}`, body: "All done." });
  });

  it("while Twilio is down for an hour nothing is lost, and no part is sent twice", {
    tags: ["F11.7", "F7.3"],
  }, async () => {
    const { write, runtime, clock } = office([{ intent: "pay", amount: 1, to: "word ".repeat(500) }]);
    state.isDown = true;
    state.refused = 0;
    runtime.start();
    await write("pay");
    const began = clock.now();
    await expect
      .poll(async () => {
        await clock.advance(60_000);
        return state.refused >= 6 && clock.now() - began >= 3_600_000;
      }, PATIENT)
      .toBe(true);
    state.isDown = false;
    await expect
      .poll(async () => {
        await clock.advance(60_000);
        return sent.length;
      }, PATIENT)
      .toBe(2);
    for (let minute = 0; minute < 5; minute++) await clock.advance(60_000);
    expect(sent.map(({ body }) => body.slice(0, 5))).toEqual(["(1/2)", "(2/2)"]);
  });
});

const PATIENT = { interval: 2, timeout: 10_000 };

describe("long texts", { tags: "F11.1" }, () => {
  it("are cut between lines or words, numbered, within what the provider takes, and nothing is lost", () => {
    const words = Array.from({ length: 2_000 }, (_, index) => `word${index}`).join(" ");
    const parts = splitText(words);
    expect(parts.every((part) => part.length <= 1_600)).toBe(true);
    expect(parts[0]).toMatch(/^\(1\/\d+\) word0 /);
    expect(parts.map((part) => part.replace(/^\(\d+\/\d+\) /, "")).join(" ")).toBe(words);
    const astral = splitText("😀".repeat(2_000));
    expect(astral.map((part) => part.replace(/^\(\d+\/\d+\) /, "")).join("")).toBe("😀".repeat(2_000));
    for (const part of astral) expect(part.isWellFormed()).toBe(true);
    expect(splitText("short")).toEqual(["short"]);
  });
});

describe("the options of the channel for texts", { tags: "E4" }, () => {
  it.each([
    ["accountSid", { accountSid: "x" }],
    ["from", { from: "SHOP" }],
    ["url", { url: "agents" }],
    ["secret", { secret: "short" }],
    ["unknown", { agents: "desk" }],
  ])("a wrong %s is named", (name, wrong) => {
    const options = {
      accountSid: ACCOUNT,
      authToken: TOKEN,
      from: OWN,
      url: URL_HERE,
      secret: "x".repeat(32),
      ...wrong,
    };
    expect(() => smsChannel(options)).toThrow(name);
  });
});

function never(): never {
  throw new Error("it cannot be");
}
