import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { parseRequestId, requestIdOf } from "../../src/base/ids.ts";
import { chatChannel } from "../../src/channels/chat/index.ts";
import { emailChannel } from "../../src/channels/email/index.ts";
import { terminalChannel, webhookChannel } from "../../src/channels/index.ts";
import { signTwilio, smsChannel } from "../../src/channels/sms/index.ts";
import type { Channel } from "../../src/humans/channel.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import type { FakeClock } from "../../src/testing/fake-clock.ts";
import { discordWorld, slackWorld, teamsWorld, telegramWorld, type World } from "./chat-worlds.ts";
import { fakeDns, mailServer, SECRET, type SentMail, writeMail } from "./mail-office.ts";

/** A request as somebody was shown it. */
export interface Card {
  readonly text: string;
  /** What its surface decides by: the message and its buttons, a reply address and a code, an id. */
  readonly by: unknown;
}

/** Hands what a platform sends to the channel: the same bytes each time. */
export type Delivery = (channel: Channel, runtime: Runtime) => Promise<unknown>;

export type Person = "boss" | "other" | "eve";

/** One way to people, with what stands in for its platform. */
export interface Desk {
  readonly name: string;
  /** How policies name those who may approve. */
  readonly boss: string;
  readonly other: string;
  open(clock: FakeClock): Channel;
  /** The cards that the boss was shown, oldest first. */
  cards(): readonly Card[];
  /** What people were told of requests that are closed, without what was said of the same one in the same place again. */
  closings(): readonly string[];
  /** How often anybody was told of one. */
  closingsSent(): number;
  /** All that went out. */
  sent(): readonly unknown[];
  readonly state: { isDown: boolean };
  /** What people are called, and everything else is that platforms tell beside what counts. */
  names: string | undefined;
  /** A button with this action and value, pressed by the boss where cards are shown. */
  press?(action: string, value: string, clock: FakeClock): Delivery;
  /** How often it was refused while the platform was down. */
  refused(): number;
  approve(card: Card, person: Person, clock: FakeClock): Promise<Delivery>;
  /** The same by the right person, but not where the card was shown; `undefined` where there is no such place. */
  approveElsewhere?(card: Card, clock: FakeClock): Promise<Delivery>;
  /** Somebody writes to the agent. */
  write?(text: string, id: string, clock: FakeClock): Promise<Delivery>;
  reset(): void;
  close(): Promise<unknown>;
}

/** A delivery by HTTP. */
function deliver(make: () => Request): Delivery {
  return async (channel, runtime) => {
    if (!("receive" in channel) || typeof channel.receive !== "function") throw new Error("it takes nothing");
    const response: Response = await channel.receive(make(), runtime);
    return { status: response.status, text: await response.text() };
  };
}

export function chatDesk(world: World): Desk {
  const person = (who: Person) => world.people[who === "other" ? "ann" : who];
  const press = (card: Card, who: Person, where: object, clock: FakeClock) => {
    const [shown] = world.posted().filter((one) => one === card.by || one.id === card.by);
    if (shown === undefined) throw new Error("no such card");
    const value = shown.buttons.get("approve") ?? "";
    const { id, channel } = shown;
    const pressed = world.press({ user: person(who), channel, id, action: "approve", value, ...where });
    const body = rename(pressed, desk.names);
    const at = clock.now();
    return deliver(() => world.sign(body, { at }));
  };
  const desk: Desk = {
    name: world.name,
    names: undefined,
    boss: world.who(world.people.boss),
    other: world.who(world.people.ann),
    open: (clock) =>
      chatChannel({
        platform: world.platform,
        agent: "desk",
        requestsIn: { team: world.team, channel: world.desk },
        clock,
      }),
    cards: () =>
      world
        .posted()
        .filter(({ buttons }) => buttons.has("approve"))
        .map((shown) => ({ text: shown.text, by: shown.id })),
    closings: () =>
      world
        .changed()
        .filter(({ buttons }) => buttons.size === 0)
        .map(({ text }) => text),
    closingsSent: () => world.changed().filter(({ buttons }) => buttons.size === 0).length,
    sent: () => [...world.posted(), ...world.changed()].map(({ raw }) => raw),
    state: world.state,
    refused: () => world.state.refused,
    approve: async (card, who, clock) => press(card, who, {}, clock),
    approveElsewhere: async (card, clock) => press(card, "boss", { channel: "4242" }, clock),
    async write(said, id, clock) {
      const body = rename(world.write({ text: said, id, user: world.people.ann }), desk.names);
      const at = clock.now();
      return deliver(() => world.sign(body, { at }));
    },
    press(action, value, clock) {
      const { channel, id } = world.posted().findLast(({ buttons }) => buttons.size > 0) ?? never();
      const body = world.press({ user: person("boss"), channel, id, action, value });
      return deliver(() => world.sign(rename(body, desk.names), { at: clock.now() }));
    },
    reset() {
      desk.names = undefined;
      world.reset();
      world.state.isDown = false;
      world.state.refused = 0;
    },
    close: world.close,
  };
  return desk;
}

const NAMES = new Set(["first_name", "last_name", "username", "name", "domain", "title", "avatar", "locale"]);

/** What a platform sends, with another name wherever it tells one. */
function rename(body: string, name: string | undefined): string {
  if (name === undefined) return body;
  const change = (value: unknown, key: string, isCommand: boolean): unknown => {
    if (Array.isArray(value)) return value.map((one) => change(one, key, isCommand));
    if (typeof value === "object" && value !== null) {
      // A command's own name, and that of its option, are what it is known by.
      const entries = Object.entries(value).map(([inner, one]) => [
        inner,
        change(one, inner, isCommand || inner === "data" || inner === "value"),
      ]);
      return Object.fromEntries(entries);
    }
    return typeof value === "string" && NAMES.has(key) && !isCommand && value !== INVOKED ? name : value;
  };
  const changed = (json: string) => JSON.stringify(change(JSON.parse(json), "", false));
  const [, form] = /^payload=(.*)$/s.exec(body) ?? [];
  return form === undefined
    ? changed(body)
    : `payload=${encodeURIComponent(changed(decodeURIComponent(form)))}`;
}

const INVOKED = "adaptiveCard/action";

function never(): never {
  throw new Error("it cannot be");
}

async function mailDesk(): Promise<Desk> {
  const server = await mailServer();
  const dns = fakeDns();
  const addressOf = (who: Person) => (who === "eve" ? "eve@customer.example" : `${who}@shop.example`);
  const asks = ({ text: body = "" }: SentMail) => body.includes("Your code for exactly this");
  const closes = ({ text: body = "" }: SentMail) => body.includes("You need not answer any more");
  const codeOf = (body: string | undefined) => /^Your code.*: (.{4}-.{4})$/m.exec(body ?? "")?.[1] ?? "";
  const accept = async (mail: Parameters<typeof writeMail>[0], clock: FakeClock): Promise<Delivery> => {
    const raw = await writeMail(mail, clock.now());
    return async (channel, runtime) => {
      if (!("accept" in channel) || typeof channel.accept !== "function") throw new Error("it takes no mail");
      return channel.accept(raw, runtime);
    };
  };
  const find = (card: Card) => server.sent.find((mail) => mail.messageId === card.by);
  const desk: Desk = {
    name: "email",
    names: undefined,
    boss: "email:boss@shop.example",
    other: "email:other@shop.example",
    open: (clock) =>
      emailChannel({
        from: "Support <support@shop.example>",
        smtp: server.url,
        secret: SECRET,
        agent: "desk",
        resolver: dns,
        clock,
      }),
    cards: () =>
      server.sent
        .filter((mail) => asks(mail) && mail.recipients[0] === addressOf("boss"))
        .map((mail) => ({ text: mail.text ?? "", by: mail.messageId })),
    closings: () => server.sent.filter(closes).map(({ text: body = "" }) => body),
    closingsSent: () => {
      const told = server.sent.filter(closes).map(({ recipients, subject }) => `${recipients} ${subject}`);
      return told.length === 0 ? 0 : told.length / new Set(told).size;
    },
    sent: () => server.sent,
    get state() {
      return {
        get isDown() {
          return server.state.refusing;
        },
        set isDown(down) {
          server.state.refusing = down;
        },
      };
    },
    refused: () => server.state.refused,
    approve(card, who, clock) {
      const mail = find(card);
      const to = mail?.replyTo?.[0]?.address ?? "";
      return accept({ from: addressOf(who), to, text: `approve ${codeOf(mail?.text)}` }, clock);
    },
    approveElsewhere: (card, clock) =>
      accept({ from: addressOf("boss"), text: `approve ${codeOf(find(card)?.text)}` }, clock),
    write(said, id, clock) {
      const encoded = `=?utf-8?B?${Buffer.from(desk.names ?? "Ann").toString("base64")}?=`;
      const named = { from: `${encoded} <ann@customer.example>`, subject: encoded };
      return accept({ text: said, id: `<${id}@customer.example>`, ...named }, clock);
    },
    reset() {
      desk.names = undefined;
      server.sent.length = 0;
      server.state.refusing = false;
      server.state.refused = 0;
    },
    close: server.close,
  };
  return desk;
}

/** A server that keeps what is posted to it. */
async function postBox(status: number) {
  const posted: string[] = [];
  const state = { isDown: false, refused: 0 };
  const server = createServer(async (request, response) => {
    const body = await text(request);
    if (state.isDown) {
      state.refused += 1;
      response.writeHead(503, { "content-type": "application/json" }).end("{}");
      return;
    }
    posted.push(body);
    response.writeHead(status, { "content-type": "application/json" }).end('{"sid":"SM1"}');
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no address");
  return {
    url: `http://127.0.0.1:${address.port}/`,
    posted,
    state,
    reset() {
      posted.length = 0;
      state.isDown = false;
      state.refused = 0;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

const NUMBERS = { boss: "+14158675310", other: "+14158675311", eve: "+14158675312", ann: "+14158675309" };

async function textDesk(kind: "sms" | "whatsapp"): Promise<Desk> {
  const box = await postBox(201);
  const prefix = kind === "sms" ? "" : "whatsapp:";
  const account = `AC${"0".repeat(32)}`;
  const own = `${prefix}+18005551212`;
  const url = "https://agents.example.com/channels/sms";
  const texts = () =>
    box.posted.map((body) => {
      const fields = new URLSearchParams(body);
      return { to: fields.get("To") ?? "", body: fields.get("Body") ?? "" };
    });
  const codeIn = (body: unknown) => /APPROVE ([2-9A-HJKMNP-Z]{6})/.exec(String(body))?.[1] ?? "";
  const closes = () => texts().filter(({ body }) => body.includes("You need not answer any more"));
  let count = 0;
  const send = (Body: string, from: string, MessageSid = `SM${++count}`): Delivery => {
    const params = new Map(
      Object.entries({
        AccountSid: account,
        MessageSid,
        From: `${prefix}${from}`,
        To: own,
        Body,
        NumMedia: "0",
        ...(desk.names === undefined
          ? {}
          : { ProfileName: desk.names, FromCity: desk.names, Address: desk.names }),
      }),
    );
    const headers = {
      "content-type": "application/x-www-form-urlencoded",
      "x-twilio-signature": signTwilio("12345-secret-token", url, params),
    };
    const body = `${new URLSearchParams([...params])}`;
    return deliver(() => new Request(url, { method: "POST", body, headers }));
  };
  const desk: Desk = {
    name: kind,
    names: undefined,
    boss: `${kind}:${NUMBERS.boss}`,
    other: `${kind}:${NUMBERS.other}`,
    open: (clock) =>
      smsChannel({
        accountSid: account,
        authToken: "12345-secret-token",
        apiUrl: box.url,
        from: own,
        url,
        secret: SECRET,
        agent: "desk",
        clock,
      }),
    cards: () =>
      texts()
        .filter(({ to, body }) => to === `${prefix}${NUMBERS.boss}` && codeIn(body) !== "")
        .map(({ body }) => ({ text: body, by: codeIn(body) })),
    closings: () => closes().map(({ body }) => body),
    closingsSent: () => {
      const told = closes().map(({ to, body }) => `${to} ${body}`);
      return told.length === 0 ? 0 : told.length / new Set(told).size;
    },
    sent: texts,
    state: box.state,
    refused: () => box.state.refused,
    approve: async (card, who) => send(`APPROVE ${card.by}`, NUMBERS[who]),
    approveElsewhere: async (card) => send(`APPROVE ${card.by}`, NUMBERS.other),
    write: async (said, id) => send(said, NUMBERS.ann, id),
    reset() {
      desk.names = undefined;
      box.reset();
    },
    close: box.close,
  };
  return desk;
}

/** Somebody decides over the API or at the command line: by the id and, over the API, the digest that was shown. */
function respond(id: string, digest: string | undefined, person: Person): Delivery {
  const { threadId, seq } = parseRequestId(id) ?? {};
  if (threadId === undefined || seq === undefined) throw new Error(`no request: ${id}`);
  const requestId = requestIdOf(threadId, seq);
  return async (_channel, runtime) => {
    try {
      const shown = digest ?? (await runtime.request(requestId)).digest;
      const response = { decision: { kind: "approved" }, digest: shown } as const;
      return await runtime.respond(requestId, response, verifiedBy("web", person));
    } catch (error) {
      return error;
    }
  };
}

function terminalDesk(): Desk {
  const lines: string[] = [];
  const state = { isDown: false };
  let refused = 0;
  const write = (line: string) => {
    if (state.isDown) {
      refused += 1;
      throw new Error("the terminal is gone");
    }
    lines.push(line);
  };
  const idIn = (line: string) => /npx twelvefold approve (\S+)/.exec(line)?.[1];
  const closings = () => lines.filter((line) => /^\S.*\(thr_\S+\.\d+\)$/.test(line));
  return {
    name: "terminal",
    names: undefined,
    boss: "web:boss",
    other: "web:other",
    open: () => terminalChannel({ write }),
    cards: () =>
      lines.flatMap((line, index) => {
        const id = idIn(line);
        return id === undefined ? [] : [{ text: lines.slice(0, index).join("\n"), by: id }];
      }),
    closings,
    closingsSent: () => closings().length,
    sent: () => lines,
    state,
    refused: () => refused,
    approve: async (card, who) => respond(String(card.by), undefined, who),
    reset() {
      lines.length = 0;
      refused = 0;
      state.isDown = false;
    },
    close: async () => {},
  };
}

async function webhookDesk(): Promise<Desk> {
  const box = await postBox(204);
  const secret = `whsec_${Buffer.from("24 bytes that nobody has").toString("base64")}`;
  const messages = () => box.posted.map((body) => JSON.parse(body));
  const closings = () =>
    messages()
      .filter(({ type }) => type === "request.closed")
      .map(({ data }) => JSON.stringify(data));
  return {
    name: "webhook",
    names: undefined,
    boss: "web:boss",
    other: "web:other",
    open: () => webhookChannel({ url: box.url, secret }),
    cards: () =>
      messages()
        .filter(({ type }) => type === "request.opened")
        .map(({ data }) => ({ text: JSON.stringify(data), by: `${data.id} ${data.digest}` })),
    closings,
    closingsSent: () => closings().length,
    sent: messages,
    state: box.state,
    refused: () => box.state.refused,
    async approve(card, who) {
      const [id = "", digest] = String(card.by).split(" ");
      return respond(id, digest, who);
    },
    reset: box.reset,
    close: box.close,
  };
}

/** Every way to people, by its name. */
export const DESKS: Readonly<Record<string, () => Promise<Desk>>> = {
  slack: async () => chatDesk(await slackWorld()),
  teams: async () => chatDesk(await teamsWorld()),
  discord: async () => chatDesk(await discordWorld()),
  telegram: async () => chatDesk(await telegramWorld()),
  email: mailDesk,
  sms: () => textDesk("sms"),
  whatsapp: () => textDesk("whatsapp"),
  terminal: async () => terminalDesk(),
  webhook: webhookDesk,
};
