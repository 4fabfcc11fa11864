import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import type { ThreadId } from "../../src/base/ids.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { pendingRequest } from "../../src/humans/request.ts";
import { createRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import { askHuman, finish, progress, tool } from "../../src/steps/steps.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import type { HumanDecision } from "../../src/thread/events.ts";
import { DESKS, type Desk } from "../channels/desks.ts";
import { CHAT_PAYLOADS, PAGE_PAYLOADS } from "../hostile-payloads.ts";

const PAYLOADS = [...PAGE_PAYLOADS, ...CHAT_PAYLOADS];
const ALL = PAYLOADS.join(" ");
/** As many of them together as leave room for a whole card of them on each platform. */
const GROUPS = groupsOf(PAYLOADS, 180);
const HIDDEN = ["\u202e", "\u0007", "\u001b", "\u200b", "\u2028", "\r"];

type Step =
  | { readonly intent: "tell"; readonly message: string }
  | {
      readonly intent: "ask";
      readonly question: string;
      readonly context: string;
      readonly choices: readonly string[];
    }
  | { readonly intent: "pay"; readonly to: string; readonly more: Readonly<Record<string, string>> }
  | { readonly intent: "done"; readonly message: string };

/** An agent whose model, tools and code fill every field with them. */
function hostileAgent(approvers: readonly string[]) {
  const choices = PAYLOADS.map((payload, index) => `choice ${index} ${payload.trim()}`);
  const payments = GROUPS.flatMap((to) => {
    const step: Step = { intent: "pay", to, more: { [to]: to } };
    return [{ step, fidelity: { grade: "exact", reasons: [] }, said: to } as const, step];
  });
  return defineAgent(
    scriptedSteps<Step>([
      { intent: "tell", message: ALL },
      { intent: "ask", question: ALL, context: ALL, choices },
      ...payments,
      { intent: "done", message: ALL },
    ]),
    {
      name: "desk",
      steps: {
        tell: progress(({ message }) => message),
        ask: askHuman(({ question, context, choices }) => ({
          question,
          context,
          options: { format: "multiple_choice", choices: [...choices] },
        })),
        pay: tool(
          ({ to }) => {
            throw new Error(to);
          },
          {
            approval: ({ to }) => ({ approvers: [...approvers], because: to }),
            title: ({ to }) => `Pay ${to}`,
            preview: ({ to }) => ({ [to]: to }),
            rejectOptions: ({ to }) => ({ wrong: to }),
            version: "1",
          },
        ),
        done: finish(({ message }) => ({ message, [ALL]: ALL })),
      },
    },
  );
}

function groupsOf(texts: readonly string[], length: number): readonly string[] {
  const groups: string[] = [];
  for (const text of texts) {
    const last = groups.at(-1);
    if (last !== undefined && last.length + text.length < length)
      groups[groups.length - 1] = `${last} ${text}`;
    else groups.push(text);
  }
  return groups;
}

describe.each(Object.entries(DESKS))(
  "%s: whatever anybody writes",
  { tags: ["S4", "F11.1", "F7.4"] },
  (_name, openDesk) => {
    let desk: Desk;
    let runtime: Runtime;
    let threadId: ThreadId;
    const clock = fakeClock(Date.UTC(2026, 10, 26, 9));
    beforeAll(async () => {
      desk = await openDesk();
      const approvers = [desk.boss, desk.other, "web:max"];
      const channel = desk.open(clock);
      runtime = createRuntime({
        agents: [hostileAgent(approvers)],
        store: createMemoryStore(),
        channels: [channel],
        clock,
        claimMs: 3_600_000,
      });
      desk.names = ALL;
      if (desk.write === undefined) {
        const via = { channel: channel.name, address: ALL };
        const from = verifiedBy("web", "customer", ALL);
        threadId = (await runtime.launch({ agent: "desk", input: { message: ALL, from }, via })).threadId;
      } else {
        await (await desk.write(`hello ${ALL}`, "101", clock))(channel, runtime);
        const [{ threadId: begun } = never()] = (await runtime.list()).threads;
        threadId = begun;
      }
      const max = verifiedBy("web", "max", ALL);
      const decide = async (decision: HumanDecision) => {
        await runtime.settled(threadId);
        const { id, digest } = pendingRequest(await runtime.get(threadId)) ?? never();
        await runtime.respond(id, { decision, digest }, max);
        await runtime.settled(threadId);
      };
      await decide({ kind: "answered", text: `choice 0 ${PAYLOADS[0]}` });
      for (const group of GROUPS) {
        // It fails, and is asked for again; somebody writes while it is on the card.
        await decide({ kind: "approved" });
        await runtime.settled(threadId);
        await runtime.message(threadId, group, verifiedBy("web", "customer", group));
        await runtime.settled(threadId);
        if (group !== GROUPS.at(-1)) await decide({ kind: "denied", feedback: group });
      }
      for (const payload of desk.press === undefined ? [] : PAYLOADS) {
        for (const pressed of [
          desk.press?.("approve", payload, clock),
          desk.press?.(payload, "~0123456789abcdef0123456789abcdef", clock),
        ])
          await pressed?.(channel, runtime);
      }
      await decide({ kind: "denied", feedback: ALL });
    }, 60_000);
    afterAll(async () => {
      await runtime.stop();
      await desk.close();
    });

    it("goes out as text: nothing is escaped from, called, linked or forged, and nothing hides", async () => {
      const { state, events } = await runtime.get(threadId);
      expect(state.status.kind).toBe("finished");
      expect(events.filter(({ type }) => type === "tool_failed")).toHaveLength(GROUPS.length);
      const sent = desk.sent();
      // Each card was shown whole, with a way to approve it, and each was closed.
      expect(JSON.stringify(sent)).not.toMatch(/too long (?:to be shown|for a text)/);
      expect(desk.cards().length).toBeGreaterThanOrEqual(GROUPS.length * 3);
      expect(desk.closings().length).toBeGreaterThanOrEqual(GROUPS.length * 3);
      for (const one of sent) HARMLESS[desk.name]?.(one);
      expect(Object.keys(HARMLESS)).toContain(desk.name);
      if (desk.name === "webhook") return;
      for (const text of textsIn(sent)) for (const hidden of HIDDEN) expect(text).not.toContain(hidden);
    });

    it("comes in as what it is: a text of the person whom the platform's id names", async () => {
      const { events } = await runtime.get(threadId);
      const [begun] = events.flatMap(({ type, data }) =>
        type === "message_received" || type === "event_received" ? [data] : [],
      );
      const isMail = desk.name === "email";
      if (desk.write !== undefined) {
        // No name of a platform is kept, and none of the texts says who has written it.
        expect(begun?.from).toEqual({
          channel: expect.any(String),
          id: expect.stringMatching(/^[\w:.@+-]+$/),
        });
        const { via: _, ...said } = begun ?? never();
        const texts = JSON.stringify(said).split("alert(1)").length - 1;
        expect(texts).toBe(isMail ? 2 : 1);
      }
      const decided = events.flatMap(({ type, data }) => (type === "human_responded" ? [data.by.id] : []));
      expect(new Set(decided)).toEqual(new Set(["max"]));
    });
  },
);

function never(): never {
  throw new Error("it cannot be");
}

/** Everything in a value that is a text. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** What is under this name anywhere in a value. */
function found(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap((one) => found(one, name));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => [...(key === name ? [one] : []), ...found(one, name)]);
}

function fieldOf(value: unknown, name: string): string {
  const [text = ""] = found(value, name).filter((one) => typeof one === "string");
  return text;
}

/** The lines that a card could have been made of, had its texts been taken for more than texts. */
function expectNoForgedLine(lines: readonly string[]): void {
  for (const line of lines) {
    expect(line).not.toMatch(
      /^\s*(?:amount: 1|Approval needed: something else|approve: npx twelvefold approve thr_a)/,
    );
    expect(line).not.toMatch(/^\s*(?:Your code for exactly this: ABCD-EFGH|web:boss approved)/);
  }
}

const ACTIONS = /^(?:approve|approve_edited|deny|answer|choose_\d+)$/;
const isCard = (text: string) => /^(?:Approval needed|A question)/.test(text);

/** What each platform would make of a message beside showing its text. */
const HARMLESS: Readonly<Record<string, (sent: unknown) => void>> = {
  slack(sent) {
    // Only `plain_text` is read as it stands; `text` is shown in notifications, and read as markup.
    const types = found(sent, "type").filter((type) => type !== undefined);
    for (const type of types)
      expect(["header", "section", "actions", "button", "plain_text"]).toContain(type);
    const { text, channel } = Object(sent);
    expect(text).not.toMatch(/[<>]/);
    expect(channel).toMatch(/^C/);
    expect(found(sent, "url")).toEqual([]);
    for (const action of found(sent, "action_id")) expect(action).toMatch(ACTIONS);
    const lines = found(sent, "blocks")
      .flatMap((blocks) => found(blocks, "text"))
      .flatMap(textsIn);
    if (isCard(lines[0] ?? "")) expectNoForgedLine(lines.flatMap((one) => one.split("\n")));
  },
  teams(sent) {
    const types = found(sent, "type").filter((type) => type !== "message");
    const known = [
      "AdaptiveCard",
      "RichTextBlock",
      "TextRun",
      "ActionSet",
      "Action.Execute",
      "Action.ShowCard",
      "Input.Text",
    ];
    for (const type of types) expect(known).toContain(type);
    expect(Object.keys(Object(sent)).toSorted()).toEqual(["attachments", "type"]);
    for (const verb of found(sent, "verb")) expect(verb).toMatch(ACTIONS);
    const lines = found(sent, "inlines")
      .flatMap((inlines) => found(inlines, "text"))
      .flatMap(textsIn);
    if (isCard(lines[0] ?? "")) expectNoForgedLine(lines);
  },
  discord(sent) {
    const { nonce, enforce_nonce: once, ...rest } = Object(sent);
    expect(Object.keys(rest).toSorted()).toEqual(["allowed_mentions", "components", "embeds"]);
    // What changes a message that is there has none.
    expect(once).toBe(nonce === undefined ? undefined : true);
    if (nonce !== undefined) expect(nonce).toMatch(/^[0-9a-f]{24}$/);
    expect(found(sent, "allowed_mentions")).toEqual([{ parse: [] }]);
    expect([...found(sent, "url"), ...found(sent, "fields"), ...found(sent, "footer")]).toEqual([]);
    const texts = [...found(sent, "title"), ...found(sent, "description")].flatMap(textsIn);
    const lines = texts.flatMap((text) => text.split("\n"));
    for (const line of lines) {
      const plain = line.replaceAll(/\\[^A-Za-z0-9\s]/g, "·");
      expect(plain).not.toMatch(/[*_~`|<>@#:[\]()\\]|^\s*[-+] |^\s*\d+\. /);
    }
    if (isCard(texts[0] ?? "")) expectNoForgedLine(lines.map((line) => line.replaceAll(/\\(.)/g, "$1")));
  },
  telegram(sent) {
    const { text = "", entities = [], ...rest } = Object(sent);
    expect(Object.keys(rest)).not.toContain("parse_mode");
    expect(found(sent, "link_preview_options")).toEqual([{ is_disabled: true }]);
    expect(found(sent, "url")).toEqual([]);
    const inCode = new Set<number>();
    for (const { type, offset, length } of entities) {
      expect(["bold", "code", "pre"]).toContain(type);
      if (type !== "bold") for (let at = offset; at < offset + length; at++) inCode.add(at);
    }
    // What Telegram finds by itself: names, tags, commands, addresses, numbers.
    for (const { index } of String(text).matchAll(/@\w|#\w|\/\w|\w\.\w|\+?\d{7}/g))
      expect(inCode.has(index)).toBe(true);
    if (isCard(text)) expectNoForgedLine(String(text).split("\n"));
  },
  email(sent) {
    const { html = "", text = "", headers = [], recipients = [] } = Object(sent);
    const tags = [...String(html).matchAll(/<(\/?[a-z!]+)([^>]*)>/gi)];
    const known = /^\/?(?:!doctype|html|head|meta|body|p|strong|br|table|tr|td)$/i;
    for (const [, tag = "", attributes = ""] of tags) {
      expect(tag).toMatch(known);
      expect(attributes).toMatch(/^(?: html)?(?: (?:style|valign|cellpadding|charset)="[^"<>]*")*$/);
    }
    expect(String(html).replaceAll(/<[^>]*>/g, "")).not.toMatch(/[<>]/);
    const names = headers.map(({ key }: { readonly key: string }) => key);
    for (const name of ["bcc", "cc"]) expect(names).not.toContain(name);
    expect(names.filter((name: string) => name === "subject")).toHaveLength(1);
    expect(recipients).toHaveLength(1);
    expect(recipients[0]).toMatch(/@(?:shop|customer)\.example$/);
    const [, , first = "", ...lines] = String(text).split("\n");
    if (isCard(first)) expectNoForgedLine(lines);
  },
  sms: expectPlainText,
  whatsapp: expectPlainText,
  terminal(line) {
    // Whatever is not the card's own first line is set in, and no command is anybody else's.
    expect(String(line)).not.toContain("\n");
    expectNoForgedLine([String(line)]);
  },
  webhook(sent) {
    // Data: what it says is exactly what was said, and of the kinds that there are.
    const { type, data } = Object(sent);
    expect(type).toMatch(/^(?:request\.(?:opened|closed)|thread\.(?:progress|finished))$/);
    if (type === "request.opened" && data.card !== null) expect(GROUPS).toContain(data.card.arguments.to);
  },
};

function expectPlainText(sent: unknown): void {
  const body = fieldOf(sent, "body");
  const lines = body.replace(/^\(\d+\/\d+\) /, "").split("\n");
  expect(body.length).toBeLessThanOrEqual(1_600);
  if (isCard(lines[0] ?? "")) expectNoForgedLine(lines);
}
