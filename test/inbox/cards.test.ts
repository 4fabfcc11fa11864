import { afterEach, describe, expect, it, vi } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import type { Json } from "../../src/base/json.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { createRequestList } from "../../src/inbox/request-list.ts";
import { figuresOf, sumOf } from "../../src/inbox/views/figures.ts";
import { createObservers } from "../../src/runtime/observers.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import type { StepOptions } from "../../src/steps/definitions.ts";
import { finish, tool } from "../../src/steps/steps.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import { scriptedSteps } from "../../src/testing/scripted-steps.ts";
import type { Thread } from "../../src/thread/thread.ts";
import { ada, bob, eve, settled, TOKEN, testInbox } from "./inbox-server.ts";
import { REFUND, SHOP_PEOPLE, type ShopOptions, type ShopStep, shopAgent } from "./shop.ts";

const runtimes: Runtime[] = [];
afterEach(async () => {
  for (const runtime of runtimes.splice(0)) await runtime.stop();
});

const DONE: ShopStep = { intent: "done", message: "Done." };

function shop(script: readonly ShopStep[], options: ShopOptions = {}) {
  const made = shopAgent(script, options);
  const { app, runtime } = testInbox([made.agent], { people: SHOP_PEOPLE });
  runtimes.push(runtime);
  const page = async (path: string, person = "ada") => {
    const response = await app.request(path, { headers: { cookie: `person=${person}` } });
    return textOf(await response.text());
  };
  const launch = async (message = "My parcel never came") => {
    const { threadId } = await runtime.launch({ agent: made.agent.name, input: { message, from: ada } });
    return settled(runtime, threadId);
  };
  const decide = (thread: Thread, fields: Record<string, string>, person = "ada") => {
    const { request } = thread.state;
    const digest = request?.type === "approval" ? request.digest : "";
    return app.request(pathOf(thread), {
      method: "POST",
      headers: { cookie: `person=${person}` },
      body: new URLSearchParams({ csrf: TOKEN, digest, ...fields }),
    });
  };
  return { ...made, app, runtime, page, launch, decide };
}

function pathOf({ id, state }: Thread): string {
  return `/inbox/requests/${requestIdOf(id, state.request?.seq ?? 0)}`;
}

/** A page's main content as text: what a person reads of it, with single blanks. */
function textOf(html: string): string {
  return (html.split("<main")[1] ?? "")
    .replace(/<[^>]+>/g, " ")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&")
    .replace(/\s+/g, " ");
}

describe("what a request is about", () => {
  it("an event that began the thread is shown as the agent shows it to the model, with who sent it", {
    tags: "F7.4",
  }, async () => {
    const { runtime, page, agent } = shop([{ ...REFUND, amount: 80 }, DONE]);
    const payload: Json = { subject: "Parcel <lost>", body: "It never came.\nI want my money back." };
    const event = { name: "mail", source: "webhook:mail", payload };
    const { threadId } = await runtime.launch({ agent: agent.name, input: { event, from: bob } });
    const thread = await settled(runtime, threadId);
    const shown = await page(pathOf(thread));
    expect(shown).toContain("mail from webhook:mail, sent by Bob");
    expect(shown).toContain("from outside");
    expect(shown).toContain("Parcel &lt;lost&gt;");
    expect(shown).toContain("I want my money back.");
    expect(await page("/inbox")).toContain("Parcel &lt;lost&gt;");
  });

  it("the requester's latest message stands beside the first one", { tags: "F7.4" }, async () => {
    const { runtime, page, launch } = shop([
      { intent: "ask_manager", question: "Which?", to: ["*:*"] },
      DONE,
    ]);
    const thread = await launch("My parcel never came");
    await runtime.message(thread.id, "It is about order A-1020", bob);
    const shown = await page(pathOf(await settled(runtime, thread.id)));
    expect(shown).toMatch(/Ada, just now My parcel never came Bob, just now It is about order A-1020/);
  });

  it("a stuck thread shows what was tried and how it failed", { tags: "F7.2" }, async () => {
    const lookUp = (order: string) => {
      throw new Error(`no order ${order}`);
    };
    const tries = ["A-1", "A-2", "A-3"].map((order): ShopStep => ({ intent: "look_up_order", order }));
    const { page, launch } = shop(tries, { lookUp });
    const shown = await page(pathOf(await launch()));
    expect(shown).toContain("What was tried");
    for (const order of ["A-1", "A-2", "A-3"]) expect(shown).toContain(`Error: no order ${order}`);
  });

  it("a budget's end shows what it went on, the most expensive first", { tags: "F7.2" }, async () => {
    const script = ["A-1", "A-2"].flatMap((order): ShopStep[] => [
      { intent: "look_up_order", order },
      { intent: "look_up_order", order: `${order}0` },
      { intent: "check_stock", sku: order },
    ]);
    const { page, launch } = shop(script, { steps: 6 });
    const shown = await page(pathOf(await launch()));
    expect(shown).toContain("What it went on: 6 of 6 steps");
    expect(shown).toMatch(/Look up order 4 [\d,]+ .* Check stock 2 /);
  });
});

describe("the title of a card, and the number that is decided on", () => {
  it("stand first, with label and unit from the prompt, in the list and on the card", {
    tags: "F7.4",
  }, async () => {
    const { page, launch, runtime } = shop([REFUND, DONE]);
    const thread = await launch();
    const shown = await page(pathOf(thread));
    expect(shown).toMatch(/Refund 640 € · A-1020 .*Amount 640 euros/);
    expect(shown).toContain("A person must agree, because it is over 500 €.");
    expect(await page("/inbox")).toMatch(/Refund 640 € · A-1020 .*Amount 640 euros because it is over 500 €/);
    const { request } = (await runtime.get(thread.id)).state;
    expect(request?.type === "approval" && request.policy).not.toHaveProperty("because");
    for (const bad of ["Has effects", "Repeatable", "By policy"]) expect(shown).not.toContain(bad);
  });

  it("an agent whose title or emphasis fails has a card with the plain values", {
    tags: "F7.4",
  }, async () => {
    type Pay = { intent: "pay"; amount: number } | { intent: "done" };
    const fails = (): never => {
      throw new Error("no title");
    };
    const wrong = (value: unknown) => (): never => value as never;
    const cases: readonly Pick<StepOptions<{ intent: "pay"; amount: number }>, "title" | "emphasis">[] = [
      { title: fails, emphasis: fails },
      { title: wrong(7), emphasis: wrong("amount") },
      { title: () => "  ", emphasis: () => ["iban", "__proto__"] },
    ];
    for (const options of cases) {
      const agent = defineAgent(scriptedSteps<Pay>([{ intent: "pay", amount: 12345 }]), {
        name: "payer",
        steps: { pay: tool(() => "paid", { approval: "always", ...options }), done: finish(() => "done") },
      });
      const { app, runtime } = testInbox([agent]);
      runtimes.push(runtime);
      const { threadId } = await runtime.launch({ agent: "payer", input: { message: "Pay", from: ada } });
      const thread = await settled(runtime, threadId);
      const { request } = thread.state;
      const card = request?.type === "approval" ? request.card : undefined;
      expect(card?.title).toBe("payer wants to run pay");
      expect(card?.emphasis).toBeUndefined();
      const shown = textOf(await (await app.request(pathOf(thread))).text());
      expect(shown).toMatch(/What would run: pay Amount 12345/);
    }
  });

  it("a hostile title is text: nothing in it is mark-up, and what hides is shown", {
    tags: "F7.4",
  }, async () => {
    const { page, launch } = shop([{ ...REFUND, order: "<img src=x>\u202e0201" }, DONE]);
    const shown = await page(pathOf(await launch()));
    expect(shown).toContain("Refund 640 € · &lt;img src=x&gt;[U+202E]0201");
  });
});

describe("people and their work", () => {
  it("a card names people, and how many of them must agree", { tags: "F7.8" }, async () => {
    const { page, launch, decide, runtime } = shop([REFUND, DONE]);
    const thread = await launch();
    expect(await page(pathOf(thread))).toContain("Who decides you and one of Bob and Carol");
    expect(await page(pathOf(thread), "eve")).toContain("Who decides two of Ada, Bob and Carol");
    expect((await decide(thread, { decision: "approve" })).status).toBe(303);
    expect(await page(pathOf(thread), "bob")).toContain("Who decides you or Carol");
    expect(await page(pathOf(thread), "bob")).toContain("1 of 2 people: Ada");
    expect(await page("/inbox", "bob")).toContain("1 of 2 · approved by Ada");
    await runtime.stop();
  });

  it("what I have approved, and what is put to others, is not in my list or count", {
    tags: "F7.8",
  }, async () => {
    const asks: ShopStep[] = [{ intent: "ask_manager", question: "Which colour?", to: ["web:dan"] }, DONE];
    const refund = shopAgent([REFUND, DONE], { name: "refunds" });
    const asking = shopAgent(asks, { name: "asks" });
    const { app, runtime } = testInbox([refund.agent, asking.agent], { people: SHOP_PEOPLE });
    runtimes.push(runtime);
    const inbox = async (person: string, query = "") => {
      const response = await app.request(`/inbox${query}`, { headers: { cookie: `person=${person}` } });
      const html = await response.text();
      const count = />Inbox<span class="count">(\d+)/.exec(html)?.[1] ?? "0";
      return { count: Number(count), text: textOf(html) };
    };
    const threads: Thread[] = [];
    for (const agent of ["refunds", "asks"]) {
      const { threadId } = await runtime.launch({ agent, input: { message: "Please", from: eve } });
      threads.push(await settled(runtime, threadId));
    }
    expect((await inbox("ada")).count).toBe(1);
    expect((await inbox("dan")).text).toContain("Which colour?");
    const [first] = threads;
    const request = first?.state.request;
    if (first === undefined || request?.type !== "approval") throw new Error("nothing to approve");
    const id = requestIdOf(first.id, request.seq);
    await runtime.respond(id, { digest: request.digest, decision: { kind: "approved" } }, ada);
    const mine = await inbox("ada");
    expect(mine.count).toBe(0);
    expect(mine.text).toContain("2 requests wait for others");
    const all = await inbox("ada", "?whose=all");
    expect(all.text).toContain("waits for Dan");
    expect(all.text).toContain("waits for Bob or Carol");
    expect((await inbox("bob")).count).toBe(1);
  });
});

describe("the number of what waits for a person", { tags: "E9" }, () => {
  it("is counted anew when something happens, or after a second, and not for every page", async () => {
    const clock = fakeClock();
    const { runtime } = testInbox([shopAgent([REFUND]).agent], { people: SHOP_PEOPLE, clock });
    const requests = createRequestList(runtime, clock);
    const list = vi.spyOn(runtime, "list");
    const counts = async () => [await requests.count(ada), await requests.count(ada), list.mock.calls.length];
    expect(await counts()).toEqual([0, 0, 1]);
    const { threadId } = await runtime.launch({ agent: "shop", input: { message: "Please", from: eve } });
    await settled(runtime, threadId);
    expect(await counts()).toEqual([1, 1, 2]);
    await clock.advance(1_000);
    expect(await counts()).toEqual([1, 1, 3]);
    await runtime.stop();
  });

  it("is no reason to stream what models write", () => {
    const observers = createObservers(new Map());
    observers.subscribe(() => {}, { partials: false });
    expect(observers.size).toBe(0);
    const end = observers.subscribe(() => {});
    expect(observers.size).toBe(1);
    end();
    expect(observers.size).toBe(0);
  });
});

describe("editing and going on", () => {
  it("each field has the form that its type in the prompt wants, and only what was typed changes", {
    tags: "F7.9",
  }, async () => {
    const { app, page, launch, decide, runtime, refunded } = shop([{ ...REFUND, amount: 80 }, DONE]);
    const thread = await launch();
    const html = await (await app.request(`${pathOf(thread)}?edit=1`)).text();
    expect(html).toMatch(/<input type="number"[^>]* name="arg.amount" value="80"/);
    expect(html).toMatch(
      /<select id="arg.speed"[^>]*><option value="normal" selected="">normal<\/option><option value="express">/,
    );
    expect(html).toMatch(/<textarea id="arg.notify"[^>]*>\s*customer<\/textarea>/);
    expect(await page(`${pathOf(thread)}?edit=1`)).toContain(
      "Amount (euros) in euros, at most what the order cost",
    );

    const typed = { "arg.amount": "75", "arg.speed": "express", "arg.notify": "customer\r\nbooks\r\n" };
    const preview = await decide(thread, { decision: "preview_edited", ...typed });
    expect(textOf(await preview.text())).toMatch(/What would change with your edit .* Paid 640 565/);
    for (const wrong of [{ "arg.speed": "teleport" }, { "arg.amount": "much" }]) {
      expect((await decide(thread, { decision: "preview_edited", ...wrong })).status).toBe(422);
    }
    expect((await decide(thread, { decision: "preview_edited", ...typed }, "eve")).status).toBe(403);
    expect(refunded).toEqual([]);
    expect((await decide(thread, { decision: "approve_edited", ...typed })).status).toBe(303);
    await settled(runtime, thread.id);
    expect(refunded).toEqual([
      { order: "A-1020", amount: 75, speed: "express", notify: ["customer", "books"], note: null },
    ]);
  });

  it("after a decision the page shows what came of it, and leads to the next request", {
    tags: "F7.4",
  }, async () => {
    const made = shop([{ ...REFUND, amount: 80 }, DONE]);
    const other = shopAgent([{ ...REFUND, amount: 90, order: "B-7" }, DONE], { name: "other" });
    const { app, runtime } = testInbox([made.agent, other.agent], { people: SHOP_PEOPLE });
    runtimes.push(runtime);
    const threads: Thread[] = [];
    for (const agent of ["shop", "other"]) {
      const { threadId } = await runtime.launch({ agent, input: { message: "Please", from: eve } });
      threads.push(await settled(runtime, threadId));
    }
    const [thread] = threads;
    const request = thread?.state.request;
    if (thread === undefined || request?.type !== "approval") throw new Error("nothing to approve");
    const form = { csrf: TOKEN, digest: request.digest, decision: "approve" };
    await app.request(pathOf(thread), { method: "POST", body: new URLSearchParams(form) });
    await settled(runtime, thread.id);
    const html = await (await app.request(`${pathOf(thread)}?done=1`)).text();
    expect(textOf(html)).toMatch(/What came of it Refund re_1 Amount 80/);
    expect(textOf(html)).toContain("Next: Refund 90 € · B-7");
    expect(html).toContain('data-key="n"');
  });
});

describe("figures", () => {
  it("say what threads took, how long people kept them waiting, and what was denied", {
    tags: ["E9", "F0.3"],
  }, async () => {
    const made = shop([REFUND, { ...REFUND, amount: 90 }, DONE]);
    const { page, launch, decide, runtime } = made;
    const thread = await launch();
    await decide(thread, { decision: "deny", feedback: "too much" });
    const again = await settled(runtime, thread.id);
    await decide(again, { decision: "approve_edited", "arg.amount": "80" });
    await settled(runtime, thread.id);
    const shown = await page("/inbox/figures");
    expect(shown).toContain("All 1 thread.");
    expect(shown).toMatch(/shop 1 3 0 /);
    expect(shown).toContain("Refund asked 2 · changed 1 · denied 1");
    expect(shown).not.toContain("still wait");
    expect(await page("/inbox/figures?agent=nobody")).toContain("No threads.");
  });

  it("count a wait that goes on until now, and one that a cancellation ends", { tags: "E9" }, async () => {
    const { runtime, launch } = shop([REFUND]);
    const waiting = await launch();
    const since = Date.parse(waiting.state.request?.askedAt ?? "");
    const open = figuresOf(waiting, undefined);
    expect(sumOf([open], since + 5_000)).toMatchObject({ waits: 1, openWaits: 1, waitedMs: 5_000 });
    await runtime.cancel(waiting.id, verifiedBy("web", "max"));
    const ended = figuresOf(await runtime.get(waiting.id), undefined);
    expect([ended.waits.length, ended.waitingSince]).toEqual([1, null]);
    expect(sumOf([ended], since + 5_000)).toMatchObject({ waits: 1, openWaits: 0 });
  });

  it("the list of threads says what each has cost, where an agent has prices", { tags: "E9" }, async () => {
    const free = shop([DONE]);
    await free.launch();
    expect(await free.page("/inbox/threads")).toMatch(/Took Tokens shop|Took Tokens My parcel/);
    const paid = shop([DONE], { prices: { "*": { input: 1, output: 2 } } });
    await paid.launch();
    expect(await paid.page("/inbox/threads")).toMatch(/Took Tokens Cost My parcel .* 0 0 /);
  });

  it("a thread is read inside another one's page, without addresses that would clash", {
    tags: "F0.4",
  }, async () => {
    const { app, launch } = shop([{ intent: "look_up_order", order: "A-1" }, DONE]);
    const { id } = await launch();
    const html = await (await app.request(`/inbox/threads/${id}/inline`)).text();
    expect(html).toContain("Look up order");
    expect(html).not.toMatch(/ id="|Fork from here/);
  });
});
