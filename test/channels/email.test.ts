import { Readable } from "node:stream";
import { Webhook as Signer } from "standardwebhooks";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { emailChannel } from "../../src/channels/email/index.ts";
import { newTextOf } from "../../src/channels/email/new-text.ts";
import { nodeProblem } from "../../src/channels/email/options.ts";
import { receive } from "../../src/cli/commands/receive.ts";
import { createSession } from "../../src/cli/session.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { createServer } from "../../src/server/app.ts";
import { HOSTILE } from "./desk-agent.ts";
import {
  fakeDns,
  type MailOfficeOptions,
  type MailToSend,
  mailOffice,
  mailServer,
  SECRET,
  type SentMail,
  writeMail,
} from "./mail-office.ts";

let server: Awaited<ReturnType<typeof mailServer>>;
const runtimes: Runtime[] = [];
beforeAll(async () => {
  server = await mailServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.sent.length = 0;
  server.state.refusing = false;
});
afterEach(async () => {
  for (const runtime of runtimes.splice(0)) await runtime.stop();
});

function office(options: Omit<MailOfficeOptions, "smtp">) {
  const made = mailOffice({ ...options, smtp: server.url });
  runtimes.push(made.runtime);
  return made;
}

const boss = { approvers: ["email:boss@shop.example"] };
const pay = { intent: "pay", amount: 40, to: "ann" } as const;
const done = { intent: "done", message: "All done." } as const;

function latest(): SentMail {
  const mail = server.sent.at(-1);
  if (mail === undefined) throw new Error("no mail was sent");
  return mail;
}

/** How to write back to a mail. */
function replyTo(mail: SentMail): { readonly to: string; readonly code: string } {
  const { address = "" } = mail.replyTo?.[0] ?? {};
  return { to: address, code: /^Your code.*: (.{4}-.{4})$/m.exec(mail.text ?? "")?.[1] ?? "" };
}

describe("mail", { tags: ["F11.1", "F11.2"] }, () => {
  it("a mail starts a thread, and what comes of it is answered in the same conversation", {
    tags: "F7.16",
  }, async () => {
    const { receive, runtime, channel, store } = office({
      script: [{ intent: "tell", message: "One moment." }, done],
    });
    const outcome = await receive({ id: "<first@customer.example>", text: "Where is order 7?" });
    expect(outcome).toMatchObject({ kind: "started" });
    const { events } = await runtime.get(outcome.threadId ?? never());
    expect(events[1]?.data).toMatchObject({
      name: "mail",
      payload: { subject: "Order 7", text: "Where is order 7?" },
      from: { channel: "email", id: "ann@customer.example" },
    });
    expect(server.sent.map(({ text }) => text?.split("\n")[2])).toEqual(["One moment.", "All done."]);
    for (const mail of server.sent) {
      expect(mail).toMatchObject({
        subject: "Re: Order 7",
        inReplyTo: "<first@customer.example>",
        references: "<first@customer.example>",
        recipients: ["ann@customer.example"],
      });
      expect(mail.headers).toContainEqual(
        expect.objectContaining({ key: "auto-submitted", value: "auto-generated" }),
      );
    }
    expect(new Set(server.sent.map(({ messageId }) => messageId)).size).toBe(2);
    // A process that died before it could record the delivery delivers it again.
    const thread = await runtime.get(outcome.threadId ?? never());
    const end = thread.events.find(({ type }) => type === "finished")?.seq ?? 0;
    const about = { id: `${thread.id}.${end}`, threadId: thread.id, thread, seq: end, mayBeRepeated: true };
    const again = {
      ...about,
      kind: "finished",
      result: "All done.",
      address: thread.state.via?.address ?? "",
    } as const;
    await channel.deliver(again, new AbortController().signal, store);
    expect(server.sent).toHaveLength(2);
  });

  it("a reply goes on with the thread: by its address, by what it follows, never in somebody else's name", async () => {
    const { receive, runtime, threads, clock } = office({ script: [done, done, done, done, done] });
    const { threadId } = await receive({ id: "<first@customer.example>" });
    const { to } = replyTo(latest());
    expect(to).toMatch(/^support\+[0-9a-f]{26}@shop\.example$/);
    const sentId = latest().messageId ?? "";
    expect(await receive({ to, text: `Thanks.\n\n> ${latest().text?.replaceAll("\n", "\n> ")}` })).toEqual({
      kind: "continued",
      threadId,
    });
    // Without the reply address: by the id of our mail, and by that of the first one.
    for (const id of [sentId, "<first@customer.example>"]) {
      const outcome = await receive({ headers: [`References: <x@y> ${id}`], text: "More." });
      expect(outcome).toEqual({ kind: "continued", threadId });
    }
    const texts = (await runtime.get(threadId ?? never())).events.flatMap(({ type, data }) =>
      type === "event_received" ? [Object(data.payload)["text"]] : [],
    );
    expect(texts).toEqual(["Where is my order?", "Thanks.", "More.", "More."]);
    const from = "Eve <eve@evil.example>";
    expect(await receive({ from, to })).toMatchObject({
      kind: "dropped",
      why: "the reply address was given to somebody else",
    });
    expect((await receive({ from, headers: [`References: ${sentId}`] })).kind).toBe("started");
    expect(await receive({ to: to.replace("+", "+0").replace(/.@/, "@") })).toMatchObject({
      why: "the reply address is not valid",
    });
    await clock.advance(31 * 86_400_000);
    expect(await receive({ to })).toMatchObject({ why: "this reply address has expired" });
    expect(latest().text).toContain("this reply address has expired");
    expect(await threads()).toHaveLength(2);
  });

  it("the same mail again does nothing, not even under another reading of it", {
    tags: "F11.6",
  }, async () => {
    const { channel, runtime, clock, threads } = office({ script: [done] });
    const raw = await writeMail({ id: "<once@customer.example>" }, clock.now());
    const all = [];
    for (let n = 0; n < 3; n++) all.push(await channel.accept(raw, runtime));
    expect(new Set(all.map(({ threadId }) => threadId)).size).toBe(1);
    // As a system with other line ends hands it on.
    const lines = Buffer.from(raw.toString("latin1").replaceAll("\r\n", "\n"), "latin1");
    expect((await channel.accept(lines, runtime)).threadId).toBe(all[0]?.threadId);
    expect(await threads()).toHaveLength(1);
  });

  it("only a sender whose domain has signed the mail is believed", { tags: ["F11.4", "F11.3"] }, async () => {
    const dns = fakeDns({
      "strict.example": "v=DMARC1; p=reject; adkim=s",
      "relaxed.example": "v=DMARC1; p=reject",
    });
    const { receive, threads, clock, channel, runtime } = office({
      script: [done, done, done],
      dns,
      mail: { allow: ["*@customer.example", "*@strict.example", "*@mail.relaxed.example"] },
    });
    const refused: readonly (readonly [string, MailToSend])[] = [
      ["not signed", { signedBy: null }],
      ["signed by somebody else", { signedBy: "evil.example" }],
      ["signed with another key", { falseKey: true }],
      ["a name that looks like an address", { from: '"ann@customer.example" <eve@evil.example>' }],
      ["two addresses", { from: "Ann <ann@customer.example>, Eve <eve@customer.example>" }],
      ["not on the list", { from: "Zoe <zoe@other.example>" }],
      ["a part of the body is signed", { bodyLength: 5 }],
      ["the id is not signed", { signs: "from:to:subject:date" }],
      ["the subject is not signed", { signs: "from:to:message-id:date" }],
      ["a second From", { headers: ["From: Eve <eve@evil.example>"] }],
      ["a second Subject", { headers: ["Subject: Pay 1000"] }],
      ["signed for somebody else", { to: "Eve <eve@evil.example>" }],
      ["too old", { date: new Date(clock.now() - 8 * 86_400_000) }],
      ["in the future", { date: new Date(clock.now() + 2 * 86_400_000) }],
      [
        "a policy that wants the very domain",
        { from: "Sam <sam@strict.example>", signedBy: "mail.strict.example" },
      ],
      ["an address that could be read in two ways", { from: "Ann ( <ann@customer.example>" }],
      [
        "another spelling of an address",
        { from: "Ann <ann@customer.example.>", signedBy: "customer.example" },
      ],
      ["too many lines", { text: "\n".repeat(300_001) }],
      ["a name of a hundred thousand blanks", { from: `Ann${" ".repeat(100_000)}ann@customer.example` }],
      ["from itself", { from: "Support <support@shop.example>" }],
    ];
    for (const [what, mail] of refused) expect((await receive(mail)).kind, what).toBe("dropped");
    // A signature that is added to it does not make it one that is addressed to nobody.
    const elsewhere = (await writeMail({ to: "Eve <eve@evil.example>" }, clock.now())).toString("latin1");
    const added =
      "DKIM-Signature: v=1; a=rsa-sha256; d=evil.example; s=x; h=from:subject:date:message-id; bh=eA==; b=eA==";
    const resent = await channel.accept(Buffer.from(`${added}\r\n${elsewhere}`, "latin1"), runtime);
    expect(resent).toMatchObject({ why: "the mail is addressed to somebody else" });
    // Nor does a recipient that its sender has not signed.
    for (const name of ["Cc", "Delivered-To", "X-Original-To"]) {
      const readdressed = Buffer.from(`${name}: support@shop.example\r\n${elsewhere}`, "latin1");
      const outcome = await channel.accept(readdressed, runtime);
      expect(outcome, name).toMatchObject({ why: "the mail is addressed to somebody else" });
    }
    const raw = (await writeMail({}, clock.now())).toString("latin1");
    for (const changed of [
      raw.replace("Where", "There"),
      raw.replace("Order 7", "Order 8"),
      raw.replace("From: Ann", "From: Eve <eve@evil.example>\r\nFrom: Ann"),
      raw.replace("\r\n\r\n", "\r\n \r\n\r\n"),
      raw.replace("\r\nTo:", "\rTo:"),
      raw.replace("ann@", "eva@"),
    ]) {
      const outcome = await channel.accept(Buffer.from(changed, "latin1"), runtime);
      expect(outcome.kind, changed).toBe("dropped");
    }
    expect(await threads()).toEqual([]);
    expect(server.sent).toEqual([]);
    const taken = [
      {},
      { from: "Sam <sam@strict.example>" },
      { from: "Ray <ray@mail.relaxed.example>", signedBy: "relaxed.example" },
    ];
    for (const mail of taken) expect((await receive(mail)).kind).toBe("started");
  });

  it("while the DNS does not answer, a mail is left for later", { tags: "F11.7" }, async () => {
    const dns = fakeDns();
    const { receive, threads } = office({ script: [done], dns });
    dns.isDown = true;
    await expect(receive({ id: "<later@customer.example>" })).rejects.toThrow("could not be looked up");
    expect(await threads()).toEqual([]);
    dns.isDown = false;
    expect((await receive({ id: "<later@customer.example>" })).kind).toBe("started");
  });

  it("automatic mails are ignored, and nobody is answered", { tags: "F11.5" }, async () => {
    const { receive, threads } = office({ script: [] });
    const automatic = [
      "Auto-Submitted: auto-replied",
      "Precedence: bulk",
      "Precedence: list",
      "List-Id: <news.customer.example>",
      "Return-Path: <>",
      "X-Autoreply: yes",
      "X-Auto-Response-Suppress: All\r\nAuto-Submitted: auto-generated (vacation)",
    ];
    for (const header of automatic) {
      expect(await receive({ headers: [header] }), header).toMatchObject({ why: "it is an automatic mail" });
    }
    expect((await receive({ from: "MAILER-DAEMON@customer.example" })).kind).toBe("dropped");
    expect([await threads(), server.sent]).toEqual([[], []]);
  });

  it("a question goes to whoever began the thread, and their reply answers it once", {
    tags: "F7.14",
  }, async () => {
    const ask = { intent: "ask", question: "Which order?" } as const;
    const choose = { intent: "ask", question: "Refund it?", options: { format: "yes_no" } } as const;
    const { receive, runtime } = office({ script: [ask, choose, done, done] });
    const { threadId } = await receive({});
    const first = latest();
    expect(first).toMatchObject({ subject: "Re: Order 7", recipients: ["ann@customer.example"] });
    expect(first.text).toContain("Which order?");
    const { to } = replyTo(first);
    const answer: MailToSend = {
      id: "<answer@customer.example>",
      to,
      text: `Number 7.\n\nOn Thu, 26 Nov 2026, Support wrote:\n> ${first.text?.replaceAll("\n", "\n> ")}`,
    };
    expect(await receive(answer)).toMatchObject({ kind: "answered", threadId });
    expect(await receive(answer)).toMatchObject({ kind: "answered", why: "it had been taken in before" });
    const second = replyTo(latest());
    expect(await receive({ to: second.to, text: "perhaps" })).toMatchObject({
      why: "answer with one of: yes, no",
    });
    expect(latest().text).toContain("Your reply had no effect: answer with one of: yes, no");
    expect(await receive({ to: second.to, text: "YES\n\nthank you" })).toMatchObject({ kind: "answered" });
    // What comes later is news.
    expect(await receive({ to, text: "No, number 8!" })).toMatchObject({ kind: "continued" });
    const { events } = await runtime.get(threadId ?? never());
    expect(events.flatMap(({ type, data }) => (type === "human_responded" ? [data.decision] : []))).toEqual([
      { kind: "answered", text: "Number 7." },
      { kind: "answered", text: "yes" },
    ]);
  });
});

describe("approval by mail", { tags: ["F7.6", "F7.7", "F7.8", "F7.10"] }, () => {
  it("takes the code of this card from the person who was asked, as the first line of a reply", async () => {
    const { receive, runtime, paid } = office({ script: [pay, done], policy: boss });
    const { threadId } = await receive({});
    const card = latest();
    expect(card).toMatchObject({
      recipients: ["boss@shop.example"],
      subject: "Approval needed: desk wants to run pay",
    });
    for (const shown of ["amount", "40", "ann"]) {
      expect(card.text).toContain(shown);
      expect(card.html).toContain(shown);
    }
    const { to, code } = replyTo(card);
    const from = "Boss <boss@shop.example>";
    const nothing: readonly string[] = [
      "ok",
      "yes, approve",
      "approve",
      `approve ABCD-2345`,
      code,
      `I do not approve ${code}`,
      `no\napprove ${code}`,
      `> approve ${code}`,
      card.text ?? "",
      `${card.text?.replaceAll("\n", "\n> ")}`,
      card.text?.split("\n").slice(2).join("\n") ?? "",
      "",
    ];
    for (const text of nothing) expect((await receive({ from, to, text })).kind, text).toBe("dropped");
    expect((await receive({ to, text: `approve ${code}` })).why).toContain("somebody else");
    expect(paid).toEqual([]);
    const yes = {
      id: "<yes@shop.example>",
      from,
      to,
      text: `approve ${code.toLowerCase().replace("-", "")}\n\nBoss`,
    };
    expect(await receive(yes)).toMatchObject({ kind: "answered", threadId });
    expect(await receive(yes)).toMatchObject({ kind: "answered", why: "it had been taken in before" });
    expect(await receive({ from, to, text: "deny too late" })).toMatchObject({
      why: "this request is closed by now",
    });
    expect(paid).toEqual(["40 to ann"]);
    const { events } = await runtime.get(threadId ?? never());
    expect(events.filter(({ type }) => type === "human_responded")).toHaveLength(1);
  });

  it("a denial's words reach the agent; the code of an older card decides nothing", {
    tags: ["F7.5", "F7.17"],
  }, async () => {
    const { receive, runtime, paid } = office({ script: [pay, { ...pay, amount: 30 }, done], policy: boss });
    const { threadId = never() } = await receive({ id: "<first@customer.example>" });
    const from = "Boss <boss@shop.example>";
    const old = replyTo(latest());
    // The customer writes again: the card changes.
    await receive({ headers: ["References: <first@customer.example>"], text: "Pay me 50!" });
    const card = latest();
    expect(card.text).toContain("Pay me 50!");
    expect(await receive({ from, to: old.to, text: `approve ${old.code}` })).toMatchObject({
      kind: "dropped",
    });
    const now = replyTo(card);
    expect(await receive({ from, to: now.to, text: `approve ${old.code}` })).toMatchObject({
      why: expect.stringContaining("the code is not the one"),
    });
    expect(await receive({ from, to: now.to, text: "deny" })).toMatchObject({ kind: "dropped" });
    expect(await receive({ from, to: now.to, text: "Deny: at most 30\nsince it was late" })).toMatchObject({
      kind: "answered",
    });
    expect(paid).toEqual([]);
    const { events } = await runtime.get(threadId);
    expect(events.find(({ type }) => type === "human_responded")?.data).toMatchObject({
      by: { channel: "email", id: "boss@shop.example" },
      decision: { kind: "denied", feedback: "at most 30\nsince it was late" },
    });
  });

  it("people who may not decide are told so, and two who approve are two", async () => {
    const policy = { approvers: ["email:boss@shop.example", "email:cfo@shop.example"], needed: 2 };
    const { receive, paid } = office({ script: [pay, done], policy });
    await receive({ from: "Boss <boss@shop.example>", text: "pay ann" });
    const cards = server.sent.slice();
    expect(cards.map(({ recipients }) => recipients[0])).toEqual(["boss@shop.example", "cfo@shop.example"]);
    const [one, two] = cards.map(replyTo);
    expect(one?.code).not.toBe(two?.code);
    const from = "Boss <boss@shop.example>";
    expect((await receive({ from, to: one?.to ?? "", text: `approve ${two?.code}` })).kind).toBe("dropped");
    expect((await receive({ from, to: one?.to ?? "", text: `approve ${one?.code}` })).kind).toBe("answered");
    expect((await receive({ from, to: one?.to ?? "", text: `approve ${one?.code}` })).kind).toBe("answered");
    expect(paid).toEqual([]);
    await receive({ from: "CFO <cfo@shop.example>", to: two?.to ?? "", text: `approve ${two?.code}` });
    expect(paid).toEqual(["40 to ann"]);
  });

  it.each([
    [
      "somebody else has decided",
      { approvers: ["email:boss@shop.example", "email:cfo@shop.example"] },
      "email:cfo@shop.example approved",
    ],
    [
      "it has expired",
      { approvers: ["email:boss@shop.example"], expiresAfter: 60 },
      "Nobody decided in time",
    ],
  ])(
    "who was asked and need not answer any more, because %s, is told so once, and nobody need reply",
    async (why, policy, words) => {
      const { receive, runtime, clock } = office({ script: [pay, done], policy });
      await receive({ from: "Eve <eve@customer.example>", text: "pay ann" });
      const [, two] = server.sent.map(replyTo);
      if (why === "it has expired") {
        runtime.start();
        await clock.advance(120_000);
      } else {
        await receive({ from: "CFO <cfo@shop.example>", to: two?.to ?? "", text: `approve ${two?.code}` });
      }
      const closing = () => server.sent.filter(({ text }) => text?.includes("You need not answer any more"));
      await expect.poll(() => closing().length).toBe(1);
      expect(closing()[0]).toMatchObject({ recipients: ["boss@shop.example"] });
      expect(closing()[0]?.text).toContain(words);
      expect(closing()[0]?.replyTo?.[0]?.address).toBe("support@shop.example");
      expect(closing()[0]?.headers).toContainEqual(
        expect.objectContaining({ key: "auto-submitted", value: "auto-generated" }),
      );
    },
  );

  it("hostile text in every field is shown as it is, in text and HTML, and opens no header", {
    tags: "S4",
  }, async () => {
    const { receive } = office({
      script: [
        { intent: "pay", amount: 1, to: HOSTILE },
        { intent: "done", message: HOSTILE },
      ],
      policy: boss,
    });
    await receive({ subject: "Order <script>alert(1)</script> =?utf-8?q?=0ABcc:_eve@evil.example?=" });
    const card = latest();
    expect(card.recipients).toEqual(["boss@shop.example"]);
    expect(card.html).not.toMatch(/<script|<img|href=/);
    expect(card.html).toContain("&lt;script&gt;");
    for (const text of [card.text, card.html]) {
      expect(text).toContain("[U+202E]");
      for (const hidden of ["\u0007", "\u001b", "\u202e"]) expect(text).not.toContain(hidden);
    }
    const { to, code } = replyTo(card);
    await receive({ from: "Boss <boss@shop.example>", to, text: `approve ${code}` });
    const answer = latest();
    expect(answer).toMatchObject({ recipients: ["ann@customer.example"] });
    expect(answer.bcc).toBeUndefined();
    expect(answer.html).not.toMatch(/<script|<img|href=/);
    expect(answer.headers.filter(({ key }) => key === "bcc")).toEqual([]);
  });
});

const PATIENT = { interval: 2, timeout: 10_000 };

describe("how mails come in", { tags: ["F11.1", "F11.3"] }, () => {
  it("by a signed webhook of whoever receives mail; a bad signature changes nothing", async () => {
    const hook = `whsec_${Buffer.from("0123456789abcdef0123456789abcdef").toString("base64")}`;
    const dns = fakeDns();
    const { channel, runtime, clock, threads } = office({ script: [done], dns, mail: { secrets: [hook] } });
    const logged: unknown[] = [];
    const { app, streams } = createServer({
      runtime,
      channels: [channel],
      auth: { kind: "keys", keys: [] },
      log: { info() {}, warn: (fields) => void logged.push(fields), error() {} },
    });
    const post = async (raw: Buffer, { by = hook, id = "1", at = clock.now() } = {}) =>
      app.request("/channels/email", {
        method: "POST",
        body: new Uint8Array(raw),
        headers: {
          "webhook-id": id,
          "webhook-timestamp": String(Math.floor(at / 1000)),
          "webhook-signature": new Signer(by).sign(id, new Date(at), raw.toString()),
        },
      });
    const raw = await writeMail({ id: "<http@customer.example>" }, clock.now());
    const other = hook.replace("MDEy", "MDEz");
    expect((await post(raw, { by: other })).status).toBe(401);
    expect((await post(raw, { at: clock.now() - 400_000 })).status).toBe(401);
    expect((await app.request("/channels/email", { method: "POST", body: "x" })).status).toBe(401);
    expect((await app.request("/channels/email")).status).toBe(404);
    expect((await app.request("/channels/other", { method: "POST" })).status).toBe(404);
    expect((await post(Buffer.alloc(10_000_001))).status).toBe(413);
    dns.isDown = true;
    expect((await post(raw)).status).toBe(503);
    dns.isDown = false;
    expect(await threads()).toEqual([]);
    const unsigned = await post(await writeMail({ signedBy: null }, clock.now()));
    expect([unsigned.status, await unsigned.json()]).toEqual([
      200,
      { dropped: expect.stringContaining("not proven") },
    ]);
    expect(logged).toMatchObject([{ channel: "email", why: expect.stringContaining("not proven") }]);
    const first = await (await post(raw)).json();
    expect(first).toMatchObject({ kind: "started" });
    expect(await (await post(raw, { id: "2" })).json()).toEqual(first);
    expect(await threads()).toHaveLength(1);
    streams.close();
  });

  it("by a pipe of a mail server, which is told what to try again", async () => {
    const dns = fakeDns();
    const { channel, runtime, clock } = office({ script: [done], dns });
    const said: string[] = [];
    const say = (text: string) => void said.push(text);
    const { session } = createSession({
      terminal: { interactive: false, colors: false, out: say, err: say, ask: async () => undefined },
      env: {},
      folder: ".",
      json: false,
    });
    const here = {
      ...session,
      config: async () => ({ agents: [], channels: [channel] }),
      receivingRuntime: async () => runtime,
    };
    const raw = await writeMail({}, clock.now());
    dns.isDown = true;
    expect(await receive(here, "email", Readable.from([raw]))).toBe(75);
    dns.isDown = false;
    expect(await receive(here, "email", Readable.from([raw]))).toBe(0);
    expect(
      await receive(here, "email", Readable.from([await writeMail({ signedBy: null }, clock.now())])),
    ).toBe(0);
    expect(said).toEqual([
      expect.stringContaining("try again later"),
      expect.stringMatching(/^started: thr_/),
      expect.stringContaining("dropped: the sender is not proven"),
    ]);
    const unset = { ...here, config: () => Promise.reject(new Error("MAIL_FROM is not set")) };
    expect(await receive(unset, "email", Readable.from([raw]))).toBe(75);
    expect(said.at(-1)).toBe("try again later: MAIL_FROM is not set");
    await expect(receive(here, "chat", Readable.from([raw]))).rejects.toThrow("known: email");
    await expect(receive(here, "email", Readable.from([]))).rejects.toThrow("no message");
  });
});

describe("a mail server that is down", { tags: ["F11.7", "F7.3"] }, () => {
  it("for an hour loses nothing, and nobody is told twice", async () => {
    const policy = { approvers: ["email:boss@shop.example", "email:cfo@shop.example"] };
    const { receive, runtime, clock } = office({ script: [pay, done], policy });
    server.state.refusing = true;
    runtime.start();
    await receive({});
    const began = clock.now();
    await expect
      .poll(async () => {
        await clock.advance(60_000);
        return server.state.refused >= 6 && clock.now() - began >= 3_600_000;
      }, PATIENT)
      .toBe(true);
    expect(server.sent).toEqual([]);
    server.state.refusing = false;
    await expect
      .poll(async () => {
        await clock.advance(60_000);
        return server.sent.length;
      }, PATIENT)
      .toBe(2);
    for (let minute = 0; minute < 5; minute++) await clock.advance(60_000);
    expect(server.sent.map(({ recipients }) => recipients[0]).toSorted()).toEqual([
      "boss@shop.example",
      "cfo@shop.example",
    ]);
  });
});

describe("what a reply says by itself", { tags: "F11.2" }, () => {
  it.each([
    ["yes", "yes"],
    ["yes\r\n\r\n> Refund it?\r\n> yes or no", "yes"],
    ["yes\n\nOn Thu, 26 Nov 2026 at 09:00, Support\n<support@shop.example> wrote:\n\n> Refund?", "yes"],
    ["yes\n\n-----Original Message-----\nFrom: Support", "yes"],
    ["yes\n________________________________\nFrom: Support", "yes"],
    ["> Refund it?\nyes", "> Refund it?\nyes"],
    ["Am 26.11. schrieb Support:\n> -- Reply above this line --\n> approve", "Am 26.11. schrieb Support:"],
    ["ja\n\nAm 26.11. schrieb Support:\n-- Reply above this line --\nRefund?", "ja"],
    ["", ""],
  ])("%j is %j", (text, own) => {
    expect(newTextOf(text)).toBe(own);
  });
});

describe("a mail that is only HTML", { tags: ["F11.1", "F11.2"] }, () => {
  it("is read as the words that it shows, and what it quotes decides nothing", async () => {
    const { channel, runtime, clock, paid } = office({ script: [pay, done], policy: boss });
    const page = `<html><head><title>t</title><style>p{}</style></head><body><!-- x --><p>Where is <b>7</b> &amp; 8?</p></body></html>`;
    const accept = async (mail: Parameters<typeof writeMail>[0]) =>
      channel.accept(await writeMail(mail, clock.now()), runtime);
    const { threadId } = await accept({ html: page, text: " \n" });
    if (threadId === undefined) throw new Error("it was dropped");
    const { events } = await runtime.settled(threadId);
    expect(JSON.stringify(events[1]?.data)).toContain('"text":"Where is 7 & 8?"');
    const card = replyTo(latest());
    const from = "Boss <boss@shop.example>";
    const approve = `<div>approve ${card.code}</div>`;
    await accept({ from, to: card.to, html: `<blockquote>${approve}</blockquote><p>what?</p>` });
    await runtime.settled(threadId);
    expect(paid).toEqual([]);
    await accept({ from, to: card.to, html: `${approve}<blockquote>${page}</blockquote>` });
    await runtime.settled(threadId);
    expect(paid).toEqual(["40 to ann"]);
  });
});

describe("the options of the mail channel", { tags: "E4" }, () => {
  it("say which Node it needs", () => {
    expect(nodeProblem("22.18.0")).toContain("Node 22.19 or later");
    for (const version of ["22.19.0", "24.0.0"]) expect(nodeProblem(version)).toBeUndefined();
  });

  it.each([
    ["from", { from: "Support" }],
    ["from", { from: "a@b.example, c@d.example" }],
    ["secret", { secret: "short" }],
    ["secrets", { secrets: ["short"] }],
    ["replyDays", { replyDays: 0 }],
    ["unknown", { alow: [] }],
    ["agent", { start: () => null }],
  ])("a wrong %s is named: %j", (name, wrong) => {
    const options = {
      from: "a@b.example",
      smtp: "smtp://127.0.0.1:1",
      secret: SECRET,
      agent: "desk",
      ...wrong,
    };
    expect(() => emailChannel(options)).toThrow(name);
  });
});

function never(): never {
  throw new Error("it cannot be");
}
