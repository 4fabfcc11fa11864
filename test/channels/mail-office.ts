import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { dkimSign } from "mailauth/lib/dkim/sign.js";
import PostalMime, { type Email } from "postal-mime";
import { SMTPServer } from "smtp-server";
import { type EmailChannelOptions, emailChannel, type Resolver } from "../../src/channels/email/index.ts";
import type { People } from "../../src/humans/people.ts";
import { createRuntime, type Runtime, type RuntimeOptions } from "../../src/runtime/runtime.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { type FakeClock, fakeClock } from "../../src/testing/fake-clock.ts";
import type { ScriptedAnswer } from "../../src/testing/scripted-steps.ts";
import type { ApprovalPolicy } from "../../src/thread/events.ts";
import { type DeskStep, deskAgent } from "./desk-agent.ts";

export const SECRET = "a secret of at least thirty-two characters";

export interface SentMail extends Email {
  readonly recipients: readonly string[];
}

/** A real SMTP server on this machine, and what it was given. `refusing` answers "try again later". */
export async function mailServer() {
  const sent: SentMail[] = [];
  const state = { refusing: false, refused: 0 };
  const server = new SMTPServer({
    disabledCommands: ["AUTH", "STARTTLS"],
    disableReverseLookup: true,
    onRcptTo: (_address, _session, done) => {
      if (state.refusing) state.refused += 1;
      done(state.refusing ? Object.assign(new Error("come back later"), { responseCode: 451 }) : undefined);
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", async () => {
        const email = await PostalMime.parse(Buffer.concat(chunks));
        sent.push({ ...email, recipients: session.envelope.rcptTo.map(({ address }) => address) });
        done();
      });
    },
  });
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  const address = server.server.address();
  if (address === null || typeof address === "string") throw new Error("no address");
  return {
    url: `smtp://127.0.0.1:${address.port}`,
    sent,
    state,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const KEY = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const PUBLIC = publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("base64");
const OTHER = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();

/** The DNS of the tests: one key for each domain, and policies by domain. */
export function fakeDns(policies: Readonly<Record<string, string>> = {}): Resolver & { isDown: boolean } {
  const resolver = async (name: string, type: string) => {
    if (resolve.isDown) throw Object.assign(new Error("no answer"), { code: "ETIMEOUT" });
    if (type === "TXT" && name.includes("._domainkey.")) return [[`v=DKIM1; k=ed25519; p=${PUBLIC}`]];
    const policy = policies[name.replace("_dmarc.", "")];
    if (type === "TXT" && name.startsWith("_dmarc.") && policy !== undefined) return [[policy]];
    throw Object.assign(new Error("not found"), { code: "ENOTFOUND" });
  };
  const resolve = Object.assign(resolver, { isDown: false });
  return resolve;
}

export interface MailToSend {
  readonly from?: string;
  readonly to?: string;
  readonly subject?: string;
  readonly text?: string;
  readonly id?: string;
  readonly date?: Date;
  readonly headers?: readonly string[];
  /** The domain that signs; `null` for none. Default: that of `from`. */
  readonly signedBy?: string | null;
  readonly signs?: string;
  readonly bodyLength?: number;
  readonly falseKey?: boolean;
  readonly html?: string;
}

let count = 0;

function partOf(type: "plain" | "html"): readonly string[] {
  return [`Content-Type: text/${type}; charset=utf-8`, "Content-Transfer-Encoding: 8bit"];
}

function bodyOf({ text, html }: MailToSend): string {
  if (html === undefined || text === undefined) return html ?? text ?? "Where is my order?";
  const part = (type: "plain" | "html", content: string) =>
    ["--between", ...partOf(type), "", content].join("\n");
  return [part("plain", text), part("html", html), "--between--"].join("\n");
}

/** A mail as its sender's server hands it on, signed. */
export async function writeMail(mail: MailToSend, now: number): Promise<Buffer> {
  const {
    from = "Ann <ann@customer.example>",
    to = "Support <support@shop.example>",
    subject = "Order 7",
  } = mail;
  count += 1;
  const date = mail.date ?? new Date(now);
  const lines = [
    `From: ${from}`,
    `To: ${to}`,
    `Subject: ${subject}`,
    `Date: ${date.toUTCString()}`,
    `Message-ID: ${mail.id ?? `<mail-${count}@customer.example>`}`,
    ...(mail.headers ?? []),
    "MIME-Version: 1.0",
    ...(mail.html === undefined || mail.text === undefined
      ? partOf(mail.html === undefined ? "plain" : "html")
      : ['Content-Type: multipart/alternative; boundary="between"']),
  ];
  const body = bodyOf(mail).replaceAll(/\r?\n/g, "\r\n");
  const message = Buffer.from(`${lines.join("\r\n")}\r\n\r\n${body}\r\n`);
  const domain = /@([^>\s]+)>?\s*$/.exec(from)?.[1] ?? "customer.example";
  if (mail.signedBy === null) return message;
  const signature = {
    signingDomain: mail.signedBy ?? domain,
    selector: "test",
    privateKey: mail.falseKey === true ? OTHER : KEY,
    ...(mail.bodyLength === undefined ? {} : { maxBodyLength: mail.bodyLength }),
  };
  const { signatures, errors } = await dkimSign(message, {
    ...signature,
    canonicalization: "relaxed/relaxed",
    signTime: date,
    headerList: mail.signs ?? "from:to:subject:date:message-id",
    signatureData: [signature],
  });
  if (signatures === "") throw new Error(`not signed: ${JSON.stringify(errors)}`);
  return Buffer.concat([Buffer.from(signatures), message]);
}

export interface MailOfficeOptions {
  readonly script: readonly ScriptedAnswer<DeskStep>[];
  readonly policy?: ApprovalPolicy;
  readonly mail?: Partial<EmailChannelOptions>;
  readonly people?: People;
  readonly smtp: string;
  readonly dns?: Resolver;
  readonly clock?: FakeClock;
  readonly channels?: RuntimeOptions["channels"];
}

/** An agent that is reached by mail. */
export function mailOffice({ script, policy, smtp, people = {}, ...options }: MailOfficeOptions) {
  const clock = options.clock ?? fakeClock(Date.UTC(2026, 10, 26, 9));
  const desk = deskAgent(script, policy);
  const channel = emailChannel({
    from: "Support <support@shop.example>",
    smtp,
    secret: SECRET,
    agent: "desk",
    resolver: options.dns ?? fakeDns(),
    clock,
    ...options.mail,
  });
  const store = createMemoryStore();
  const runtime: Runtime = createRuntime({
    agents: [desk.agent],
    store,
    channels: [channel, ...(options.channels ?? [])],
    clock,
    people,
    // The clock jumps while mail is really sent.
    claimMs: 3_600_000,
    sweepMs: 30_000,
  });
  return {
    ...desk,
    channel,
    runtime,
    store,
    clock,
    /** A mail comes in, and the thread goes on until it waits. */
    async receive(mail: MailToSend = {}) {
      const raw = await writeMail(mail, clock.now());
      const outcome = await channel.accept(raw, runtime);
      if (outcome.threadId !== undefined) await runtime.settled(outcome.threadId);
      return outcome;
    },
    async threads() {
      return (await runtime.list()).threads;
    },
  };
}
