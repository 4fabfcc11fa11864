import { afterEach, describe, expect, it } from "vitest";
import type { Agent } from "../../src/agent/agent.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import type { ApprovalPolicy } from "../../src/thread/events.ts";
import type { Thread } from "../../src/thread/thread.ts";
import { ada, settled, TOKEN, testInbox } from "./inbox-server.ts";
import { type OfficeStep, officeAgent } from "./office-agent.ts";

const runtimes: Runtime[] = [];
afterEach(async () => {
  for (const runtime of runtimes.splice(0)) await runtime.stop();
});

function inbox(agents: readonly Agent[], options: Parameters<typeof testInbox>[1] = {}) {
  const made = testInbox(agents, options);
  runtimes.push(made.runtime);
  const get = (path: string, person = "ada") =>
    made.app.request(path, { headers: { cookie: `person=${person}` } });
  const post = (path: string, fields: Record<string, string>, person = "ada") =>
    made.app.request(path, {
      method: "POST",
      headers: { cookie: `person=${person}` },
      body: new URLSearchParams({ csrf: TOKEN, ...fields }),
    });
  const launch = async (agent: string, message = "Please") => {
    const { threadId } = await made.runtime.launch({ agent, input: { message, from: ada } });
    return settled(made.runtime, threadId);
  };
  return { ...made, get, post, launch };
}

const PAY: OfficeStep = { intent: "pay", amount: 40, to: "ACME", memo: "invoice 7" };
const DONE: OfficeStep = { intent: "done", message: "Paid." };

async function paying(
  policy?: ApprovalPolicy,
  script: readonly OfficeStep[] = [PAY, DONE],
  clock = fakeClock(),
) {
  const office = officeAgent(script, policy === undefined ? {} : { policy });
  const made = inbox([office.agent], { clock });
  const thread = await made.launch("office", "Pay invoice 7");
  return { ...office, ...made, thread, clock, path: requestPath(thread), digest: digestOf(thread) };
}

function requestPath({ id, state }: Thread): string {
  return `/inbox/requests/${requestIdOf(id, state.request?.seq ?? 0)}`;
}

function digestOf({ state }: Thread): string {
  return state.request?.type === "approval" ? state.request.digest : "";
}

describe("inbox pages", () => {
  it("the inbox lists what waits, the most urgent first", { tags: "F11.1" }, async () => {
    const ask = (question: string, urgency: "low" | "high"): OfficeStep => ({
      intent: "ask_person",
      question,
      context: "",
      format: "free_text",
      choices: [],
      urgency,
    });
    const { get, launch } = inbox([
      officeAgent([ask("Later is fine", "low")], { name: "calm" }).agent,
      officeAgent([ask("Right now please", "high")], { name: "hasty" }).agent,
    ]);
    await launch("calm");
    await launch("hasty");
    const response = await get("/inbox");
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(text.indexOf("Right now please")).toBeGreaterThan(0);
    expect(text.indexOf("Right now please")).toBeLessThan(text.indexOf("Later is fine"));
    const filtered = await (await get("/inbox?agent=calm")).text();
    expect(filtered).toContain("Later is fine");
    expect(filtered).not.toContain("Right now please");
  });

  it("an urgent request stands first however many are newer, and a later page stays itself", {
    tags: "F11.1",
  }, async () => {
    const ask = (question: string, urgency: "low" | "high"): OfficeStep => ({
      intent: "ask_person",
      question,
      context: "",
      format: "free_text",
      choices: [],
      urgency,
    });
    const calm = Array.from({ length: 60 }, (_, number) => ask(`Question ${number}.`, "low"));
    const { get, launch } = inbox([
      officeAgent([ask("Right now please", "high")], { name: "hasty" }).agent,
      officeAgent(calm, { name: "calm" }).agent,
    ]);
    await launch("hasty");
    for (const _ of calm) await launch("calm");
    const asked = (page: string) =>
      [...page.matchAll(/Right now please|Question \d+\./g)].map(([text]) => text);
    const first = await (await get("/inbox")).text();
    expect(asked(first)[0]).toBe("Right now please");
    const next = /href="(\/inbox\?cursor=[^"]+)"/.exec(first)?.[1] ?? "";
    const second = await (await get(next)).text();
    // The page asks for itself again and again; it must not turn into the first one.
    expect(second).toContain(`hx-get="${next}"`);
    const all = new Set([...asked(first), ...asked(second)]);
    expect(all.size).toBe(61);
  });

  it("pages allow no inline script and no other origin", { tags: "F11.1" }, async () => {
    const { get } = inbox([]);
    const response = await get("/inbox");
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain("unsafe");
    const text = await response.text();
    expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+=|style=/);
  });

  it("a form without the session's token changes nothing", { tags: "F11.1" }, async () => {
    const { post, path, digest, paid, runtime, thread } = await paying();
    const response = await post(path, { csrf: "guess", decision: "approve", digest });
    expect(response.status).toBe(403);
    expect(paid).toEqual([]);
    expect((await runtime.get(thread.id)).state.seq).toBe(thread.state.seq);
  });

  it("nobody sees anything without signing in", { tags: "F11.1" }, async () => {
    const { app } = testInbox([], { deps: { signInPath: "/login", principal: () => undefined } });
    const page = await app.request("/inbox/threads");
    expect([page.status, page.headers.get("location")]).toEqual([303, "/login"]);
    expect((await app.request("/inbox/requests/thr_x.1", { method: "POST" })).status).toBe(401);
    expect((await app.request("/inbox/assets/inbox.css")).status).toBe(200);
  });

  it("a card shows question, context, arguments, reasons and who may approve", { tags: "F7.2" }, async () => {
    const { get, path } = await paying({ approvers: ["web:ada", "slack:*"], needed: 2, expiresAfter: 600 });
    const text = await (await get(path)).text();
    for (const shown of ["ACME", "invoice 7", "web:ada", "anybody on slack"]) {
      expect(text).toContain(shown);
    }
    expect(text).toContain("0 of 2 people");
    expect(text).toContain("10 min left");
  });

  it("a decision on a card that was not the one asked is refused and says so", { tags: "F7.7" }, async () => {
    const { post, path, paid } = await paying();
    const response = await post(path, { decision: "approve", digest: "0".repeat(64) });
    expect(response.status).toBe(409);
    expect(await response.text()).toContain("Your decision was not taken");
    expect(paid).toEqual([]);
  });

  it("an approval works once; the second decision is told what happened", { tags: "F7.7" }, async () => {
    const { post, get, path, digest, paid, runtime, thread } = await paying();
    const first = await post(path, { decision: "approve", digest });
    expect([first.status, first.headers.get("location")]).toEqual([303, `${path}?done=1`]);
    await settled(runtime, thread.id);
    const second = await post(path, { decision: "deny", feedback: "no", digest }, "bob");
    expect(second.status).toBe(409);
    expect(await second.text()).toContain("Ada approved.");
    expect(paid).toEqual([{ amount: 40, to: "ACME" }]);
    expect((await get(path)).status).toBe(200);
  });

  it("an expired card is gone and nothing runs", { tags: "F7.7" }, async () => {
    const clock = fakeClock();
    const { post, get, path, digest, paid } = await paying({ expiresAfter: 60 }, [PAY, DONE], clock);
    await clock.advance(61_000);
    const response = await post(path, { decision: "approve", digest });
    expect(response.status).toBe(410);
    expect(await response.text()).toContain("This has expired");
    expect((await get(path)).status).toBe(410);
    expect(paid).toEqual([]);
  });

  it("who may not approve sees why, and cannot by sending the form", { tags: "F7.8" }, async () => {
    const { post, get, path, digest, paid } = await paying({ approvers: ["web:ada"] });
    const page = await (await get(path, "bob")).text();
    expect(page).toContain("You may not decide on this.");
    expect(page).not.toContain('value="approve"');
    expect((await post(path, { decision: "approve", digest }, "bob")).status).toBe(403);
    expect(paid).toEqual([]);
  });

  it("two people must approve: the first one's approval is shown and runs nothing", {
    tags: "F7.8",
  }, async () => {
    const { post, get, path, digest, paid, runtime, thread } = await paying({ needed: 2 });
    expect((await post(path, { decision: "approve", digest })).status).toBe(303);
    expect(await (await get(path, "bob")).text()).toContain("1 of 2 people: Ada (web:ada)");
    expect((await post(path, { decision: "approve", digest })).status).toBe(403);
    expect(paid).toEqual([]);
    await post(path, { decision: "approve", digest }, "bob");
    await settled(runtime, thread.id);
    expect(paid).toHaveLength(1);
  });

  it("who has approved may still deny while others are to agree", { tags: "F7.8" }, async () => {
    const { post, get, path, digest, paid, runtime, thread } = await paying({ needed: 2 });
    await post(path, { decision: "approve", digest });
    const page = await (await get(path)).text();
    expect(page).not.toContain('value="approve"');
    expect(page).toContain('value="deny"');
    expect(page).toContain("You have approved. One more person must agree.");
    await post(path, { decision: "deny", feedback: "I looked again", digest });
    await settled(runtime, thread.id);
    expect(paid).toEqual([]);
  });

  it("a denial's feedback reaches the model", { tags: "F7.5" }, async () => {
    const { post, path, digest, nextStep, runtime, thread, paid } = await paying();
    expect((await post(path, { decision: "deny", feedback: " ", digest })).status).toBe(422);
    await post(path, { decision: "deny", feedback: "Ask Carol first", digest });
    await settled(runtime, thread.id);
    expect(nextStep.prompts.at(-1)).toContain("Ask Carol first");
    expect(paid).toEqual([]);
  });

  it("edited arguments run, and the thread says who changed them", { tags: "F7.9" }, async () => {
    const { post, get, path, digest, runtime, thread, paid } = await paying();
    const bad = await post(path, { decision: "approve_edited", digest, "arg.amount": "forty" });
    expect(bad.status).toBe(422);
    expect(await bad.text()).toContain("forty");
    await post(path, { decision: "approve_edited", digest, "arg.amount": "12.5", "arg.to": "ACME" });
    await settled(runtime, thread.id);
    expect(paid).toEqual([{ amount: 12.5, to: "ACME" }]);
    const [, changed] = (await (await get(path)).text()).split("As it was changed");
    expect(changed).toMatch(/12\.5[\s\S]*What was asked[\s\S]*40/);
    expect(await (await get(`/inbox/threads/${thread.id}`)).text()).toContain(
      "Ada (web:ada) approved with changed arguments",
    );
  });

  it("threads are listed and found by status, agent and text", { tags: "F6.2" }, async () => {
    const { get, runtime } = await paying();
    const list = async (query: string) => (await get(`/inbox/threads?${query}`)).text();
    expect(await list("status=awaiting_approval&agent=office&search=invoice")).toContain(
      "Needs approval</span>",
    );
    const message = `Settle ACME ${"and so on ".repeat(60)} zebra`;
    await runtime.launch({ agent: "office", input: { message, from: ada } });
    expect(await list("search=zebra")).toContain("<mark>zebra</mark>");
    expect((await list("search=settle")).match(/<mark>/g)).toHaveLength(1);
    expect(await list("status=failed")).toContain("No threads.");
    expect((await get("/inbox/threads/thr_unknown")).status).toBe(404);
  });

  it("a thread is paused, resumed and cancelled by its buttons", {
    tags: ["F6.3", "F6.4", "F6.5"],
  }, async () => {
    const { get, post, thread, runtime } = await paying();
    const at = `/inbox/threads/${thread.id}`;
    const status = async () => (await runtime.get(thread.id)).state.status.kind;
    expect((await post(`${at}/pause`, {})).status).toBe(303);
    expect(await status()).toBe("paused");
    expect((await post(`${at}/pause`, {})).status).toBe(409);
    expect(await (await get(at)).text()).toContain("Resume");
    await post(`${at}/resume`, {});
    expect(await status()).toBe("awaiting_approval");
    await post(`${at}/cancel`, {});
    expect(await status()).toBe("cancelled");
    const page = await (await get(at)).text();
    expect(page).not.toContain(`action="/inbox/threads/${thread.id}/message"`);
  });

  it("a form that is sent twice launches once; another text with it launches again", {
    tags: "F11.6",
  }, async () => {
    const done = { intent: "done", message: "Done." } as const;
    const { get, post, runtime } = inbox([officeAgent([done, done, done]).agent]);
    const once =
      /name="once" value="([^"]+)"/.exec(await (await get("/inbox/agents/office")).text())?.[1] ?? "";
    expect(once).not.toBe("");
    const send = async (message: string) =>
      (await post("/inbox/agents/office/launch", { message, once })).headers.get("location");
    const first = await send("Pay");
    expect(await send("Pay")).toBe(first);
    expect(await send("Pay more")).not.toBe(first);
    expect((await runtime.list()).threads).toHaveLength(2);
    const [thread] = (await runtime.list({ search: first?.split("/").at(-1) ?? "" })).threads;
    if (thread === undefined) throw new Error("not listed");
    await settled(runtime, thread.threadId);
    const nonce = /name="once" value="([^"]+)"/.exec(await (await get(first ?? "")).text())?.[1] ?? "";
    for (const _ of [1, 2]) await post(`${first}/message`, { text: "And now?", once: nonce });
    const { events } = await settled(runtime, thread.threadId);
    expect(events.filter(({ type }) => type === "message_received")).toHaveLength(2);
  });

  it("a finished thread takes a message and goes on", { tags: "F6.11" }, async () => {
    const { post, launch, runtime } = inbox([
      officeAgent([DONE, { intent: "done", message: "Again done." }]).agent,
    ]);
    const thread = await launch("office");
    expect(thread.state.status.kind).toBe("finished");
    await post(`/inbox/threads/${thread.id}/message`, { text: "And now?" });
    const after = await settled(runtime, thread.id);
    expect(after.state.status).toEqual({ kind: "finished", result: "Again done." });
  });

  it("the page draws the path that was taken", { tags: "F0.4" }, async () => {
    const { get, post, path, digest, runtime, thread } = await paying();
    await post(path, { decision: "approve", digest });
    await settled(runtime, thread.id);
    const text = await (await get(`/inbox/threads/${thread.id}`)).text();
    expect(text).toContain(
      "The path taken: Message to Pay, Pay to Approved, Approved to Done, Done to Finished",
    );
  });

  it("of a long thread the page shows the latest entries first, and all on demand", {
    tags: "F6.2",
  }, async () => {
    const { get, runtime, launch } = inbox([officeAgent([PAY]).agent]);
    const { id: thread } = await launch("office");
    for (let count = 0; count < 205; count++) await runtime.message(thread, `message-${count}.`, ada);
    const page = await (await get(`/inbox/threads/${thread}`)).text();
    expect(page).toContain("message-204.");
    expect(page).not.toContain("message-0.");
    expect(await (await get(`/inbox/threads/${thread}?all=1`)).text()).toContain("message-0.");
  });

  it("what the model saw at a step can be read", { tags: "F6.2" }, async () => {
    const { get, thread, nextStep } = await paying();
    const seq = thread.events.find((event) => event.type === "step_proposed")?.seq;
    const text = await (await get(`/inbox/threads/${thread.id}/steps/${seq}`)).text();
    expect(nextStep.prompts[0]).toContain("Pay invoice 7");
    expect(text).toContain("Pay invoice 7");
    expect(text).toContain("&quot;intent&quot;:&quot;pay&quot;");
    // Its prompt is no BAML function.
    expect(text).not.toContain("As a test");
    expect((await get(`/inbox/threads/${thread.id}/steps/1`)).status).toBe(404);
  });

  it("a stream sends what changed after the last event that the browser has", { tags: "F6.2" }, async () => {
    const { get, post, path, digest, runtime, thread } = await paying(undefined, [PAY, DONE]);
    await post(path, { decision: "approve", digest });
    await settled(runtime, thread.id);
    const response = await get(`/inbox/threads/${thread.id}/stream?after=${thread.state.seq}`);
    const reader = response.body?.getReader();
    const chunk = new TextDecoder().decode((await reader?.read())?.value);
    await reader?.cancel();
    expect(chunk).toContain('hx-target="#group-3"');
    expect(chunk).toContain("Ada (web:ada) approved");
    expect(chunk).not.toContain('id="entry-2"');
  });

  it("of a big result the page shows the beginning and says how much more there is", {
    tags: "F6.2",
  }, async () => {
    const many = Array.from({ length: 5_000 }, (_, index) => `row-${index}`);
    const office = officeAgent([{ intent: "look_up", query: "all" }, DONE], { lookUp: () => many });
    const { get, launch } = inbox([office.agent]);
    const thread = await launch("office");
    const page = await (await get(`/inbox/threads/${thread.id}`)).text();
    expect(page).toContain("row-199");
    expect(page).not.toContain("row-200<");
    expect(page).toContain("4800 more");
  });

  it("hidden characters are shown, so that a name cannot pass for another", { tags: "F6.2" }, async () => {
    const script: OfficeStep[] = [{ ...PAY, to: "ACME\u202e\u200bGmbH" }];
    const { get, path } = await paying(undefined, script);
    const text = await (await get(path)).text();
    expect(text).toContain("ACME[U+202E][U+200B]GmbH");
  });

  it("the theme is kept without a script and leads back to the page only", { tags: "E9" }, async () => {
    const { post, app } = inbox([]);
    const response = await post("/inbox/theme", { theme: "dark", back: "/inbox/threads?q=a" });
    expect(response.headers.get("location")).toBe("/inbox/threads?q=a");
    expect(response.headers.get("set-cookie")).toContain("tf_theme=dark");
    const away = await post("/inbox/theme", { theme: "dark", back: "//evil.example/inbox" });
    expect(away.headers.get("location")).toBe("/inbox");
    const page = await app.request("/inbox", { headers: { cookie: "tf_theme=dark" } });
    expect(await page.text()).toContain('data-theme="dark"');
  });
});
