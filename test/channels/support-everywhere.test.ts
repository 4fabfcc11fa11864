import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSupport } from "../../src/agents/support/agent.ts";
import { makeDemoShop } from "../../src/agents/support/demo-shop.ts";
import { mailInput } from "../../src/agents/support/mail.ts";
import { systemClock } from "../../src/base/clock.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import { chatChannel, slack } from "../../src/channels/chat/index.ts";
import { emailChannel } from "../../src/channels/email/index.ts";
import { serverInbox } from "../../src/inbox/server-inbox.ts";
import { type OfflineModel, startOfflineModel } from "../../src/model/offline/offline-model.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { createServer } from "../../src/server/app.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { keyFor } from "../server/serve.ts";
import { fakeDns, mailServer, SECRET, writeMail } from "./mail-office.ts";
import { SIGNING_SECRET, signedRequest, slackClick, slackServer, TOKEN } from "./slack-server.ts";

const TEAM = "T061EG9R6";
let smtp: Awaited<ReturnType<typeof mailServer>>;
let slackApi: Awaited<ReturnType<typeof slackServer>>;
let model: OfflineModel;
beforeAll(async () => {
  [smtp, slackApi, model] = await Promise.all([mailServer(), slackServer(), startOfflineModel()]);
});
afterAll(() => Promise.all([smtp.close(), slackApi.close(), model.close()]));

/** The support desk: customers write mails, one manager sits in Slack, the other one at the inbox. */
function openDesk() {
  const today = () => "2026-11-26";
  const { shop } = makeDemoShop(":memory:", today);
  const support = createSupport({ shop, managers: [`slack:${TEAM}:UMIA`, "web:max"], today });
  const mail = emailChannel({
    from: "Support <support@shop.example>",
    smtp: smtp.url,
    secret: SECRET,
    resolver: fakeDns(),
    start: (received) => ({ agent: "support", input: mailInput(received) }),
  });
  const chat = chatChannel({
    platform: slack({ signingSecret: SIGNING_SECRET, teams: { [TEAM]: TOKEN }, apiUrl: slackApi.apiUrl }),
    requestsIn: { team: TEAM, channel: "CMANAGERS" },
  });
  const runtime = createRuntime({
    agents: [support],
    store: createMemoryStore(),
    model: model.choice,
    channels: [mail, chat],
    people: { mia: [`slack:${TEAM}:UMIA`, "web:mia"], max: ["web:max"] },
  });
  const max = keyFor("max");
  const { app, streams } = createServer({
    runtime,
    channels: [mail, chat],
    auth: { kind: "keys", keys: [max.configured] },
    log: { info() {}, warn() {}, error() {} },
    ...serverInbox({ runtime, clock: systemClock }),
  });
  return { shop, mail, runtime, app, streams, max };
}

describe("support over mail, chat and the inbox", {
  tags: ["F7.8", "F7.10", "F7.16", "F11.1", "F11.2"],
}, () => {
  it("a customer's mail is refunded once a manager in the chat and one at the inbox agree, and is answered by mail", async () => {
    const { shop, mail, runtime, app, streams, max } = openDesk();
    const refunds = () => shop.database.prepare("SELECT order_id, cents, approvals FROM refunds").all();
    const raw = await writeMail(
      {
        from: "Ann <ann@example.com>",
        subject: "My order",
        id: "<broken@example.com>",
        text: "Hello, A-1003 is broken, please refund A-1003.",
      },
      Date.now(),
    );
    const { threadId } = await mail.accept(raw, runtime);
    if (threadId === undefined) throw new Error("the mail was dropped");
    expect((await runtime.settled(threadId)).state.status.kind).toBe("awaiting_approval");

    // The card is in the chat of the managers; nobody has been told by mail.
    const card = slackApi.calls.find(({ method }) => method === "chat.postMessage");
    expect(card?.body.channel).toBe("CMANAGERS");
    expect(smtp.sent).toEqual([]);
    const approve = card?.body.blocks?.flatMap(({ elements = [] }) => elements)[0];
    const click = async (user: string) => {
      const body = slackClick({
        user,
        channel: "CMANAGERS",
        ts: card?.ts ?? "",
        action: approve?.action_id ?? "",
        value: approve?.value ?? "",
      });
      const request = signedRequest(body, "application/x-www-form-urlencoded", { at: Date.now() });
      expect((await app.request(request)).status).toBe(200);
    };
    await click("USOMEBODY");
    await click("UMIA");
    await click("UMIA");
    const halfway = await runtime.settled(threadId);
    expect(halfway.state.request).toMatchObject({ approvedBy: [{ channel: "slack", id: `${TEAM}:UMIA` }] });
    expect(refunds()).toEqual([]);
    // The card says who has approved, and still has its buttons.
    const updates = () => slackApi.calls.filter(({ method }) => method === "chat.update");
    await expect.poll(() => updates().length).toBe(1);
    const half = JSON.stringify(updates()[0]?.body.blocks);
    expect(half).toContain("1 of 2, approved by Mia");
    expect(half).toContain('"action_id":"approve"');

    // The other manager signs in and looks at the same card.
    const cookie = await signIn(max.key);
    const id = requestIdOf(threadId, halfway.state.request?.seq ?? 0);
    const path = `/inbox/requests/${id}`;
    const page = await (
      await app.request(path, { headers: { cookie, accept: "text/html", host: "localhost" } })
    ).text();
    const field = (name: string) => new RegExp(`name="${name}" value="([^"]+)"`).exec(page)?.[1] ?? "";
    const decided = await app.request(path, {
      method: "POST",
      headers: { cookie, host: "localhost" },
      body: new URLSearchParams({ csrf: field("csrf"), digest: field("digest"), decision: "approve" }),
    });
    expect(decided.status, await decided.clone().text()).toBe(303);
    const { state, events } = await runtime.settled(threadId);
    expect(state.status.kind).toBe("finished");
    expect(refunds()).toEqual([{ order_id: "A-1003", cents: 89_900, approvals: 2 }]);
    expect(
      events.flatMap(({ type, data }) =>
        type === "human_responded" ? [`${data.by.channel}:${data.by.id}`] : [],
      ),
    ).toEqual([`slack:${TEAM}:UMIA`, "web:max"]);

    // The card in the chat says how it ended; the customer has one mail, in the same conversation.
    await expect.poll(() => updates().length).toBe(2);
    const update = updates()[1];
    expect(JSON.stringify(update?.body.blocks)).toContain("web:max approved");
    expect(smtp.sent).toHaveLength(1);
    expect(smtp.sent[0]).toMatchObject({
      recipients: ["ann@example.com"],
      subject: "Re: My order",
      references: "<broken@example.com>",
    });
    await click("UMIA");
    expect(refunds()).toHaveLength(1);
    streams.close();
    await runtime.stop();

    async function signIn(key: string) {
      const response = await app.request("/login", { method: "POST", body: new URLSearchParams({ key }) });
      return (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    }
  });
});
