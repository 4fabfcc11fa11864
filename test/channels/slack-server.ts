import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";

export const SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5";
export const TOKEN = "xoxb-0000";

export interface SlackCall {
  readonly method: string;
  readonly token: string;
  readonly body: z.infer<typeof bodySchema>;
  /** The id that the message got. */
  readonly ts: string;
}

const block = z.looseObject({
  type: z.string(),
  text: z.looseObject({ type: z.string(), text: z.string() }).optional(),
  elements: z
    .array(
      z.looseObject({
        action_id: z.string().optional(),
        value: z.string().optional(),
        url: z.string().optional(),
      }),
    )
    .optional(),
});
const bodySchema = z.looseObject({
  channel: z.string().optional(),
  thread_ts: z.string().optional(),
  ts: z.string().optional(),
  text: z.string().optional(),
  user: z.string().optional(),
  blocks: z.array(block).optional(),
  view: z
    .looseObject({
      private_metadata: z.string(),
      blocks: z.array(
        z.looseObject({
          block_id: z.string(),
          element: z.looseObject({ initial_value: z.string().optional() }),
        }),
      ),
    })
    .optional(),
});

/** A server with the parts of Slack's Web API that are used, and what it was asked. */
export async function slackServer() {
  const calls: SlackCall[] = [];
  const state = { isDown: false, refused: 0, tellsHistory: false };
  let count = 0;
  const server = createServer(async (request, response) => {
    const raw = await text(request);
    const method = (request.url ?? "").replace("/api/", "");
    if (state.isDown) {
      state.refused += 1;
      response.writeHead(503, { "content-type": "application/json" }).end("{}");
      return;
    }
    const isForm = request.headers["content-type"]?.includes("form-urlencoded") === true;
    const fields = isForm ? fromForm(raw) : JSON.parse(raw);
    const token = String(request.headers.authorization).replace("Bearer ", "");
    count += 1;
    const ts = `1700000000.${String(count).padStart(6, "0")}`;
    calls.push({ method, token, body: bodySchema.parse(fields), ts });
    if (method.startsWith("conversations.")) {
      const posted = calls.filter((call) => call.method === "chat.postMessage");
      const inPlace = posted.filter(({ body }) => body.channel === fields.channel);
      const messages = inPlace.map((call) => ({
        type: "message",
        ts: call.ts,
        metadata: call.body.metadata,
      }));
      const history = state.tellsHistory ? { ok: true, messages } : { ok: false, error: "missing_scope" };
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(history));
      return;
    }
    const ok = token === TOKEN;
    const answer = ok
      ? { ok, channel: fields.channel, ts: fields.ts ?? ts, message_ts: ts }
      : { ok, error: "invalid_auth" };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no address");
  return {
    apiUrl: `http://127.0.0.1:${address.port}/api/`,
    calls,
    state,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function fromForm(raw: string): Record<string, unknown> {
  return Object.fromEntries(
    [...new URLSearchParams(raw)].map(([name, value]) => [
      name,
      /^[[{]/.test(value) ? JSON.parse(value) : value,
    ]),
  );
}

interface Signing {
  readonly at: number;
  readonly secret?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly sent?: string;
}

/** A request as Slack signs it. */
export function signedRequest(
  body: string,
  contentType: string,
  { at, secret = SIGNING_SECRET, headers, sent }: Signing,
): Request {
  const time = String(Math.floor(at / 1000));
  const signature = `v0=${createHmac("sha256", secret).update(`v0:${time}:${body}`).digest("hex")}`;
  return new Request("https://agents.example.com/channels/slack", {
    method: "POST",
    body: sent ?? body,
    headers: {
      "content-type": contentType,
      "x-slack-request-timestamp": time,
      "x-slack-signature": signature,
      ...headers,
    },
  });
}

/** An event as the Events API documents it. */
export function slackEvent(
  event: Readonly<Record<string, unknown>>,
  envelope: Readonly<Record<string, unknown>> = {},
): string {
  return JSON.stringify({
    token: "ZZZZZZWSxiZZZ2yIvs3peJ",
    team_id: "T061EG9R6",
    api_app_id: "A0MDYCDME",
    event: {
      type: "app_mention",
      user: "U061F7AUR",
      channel: "C0LAN2Q65",
      event_ts: "1515449522.000016",
      ...event,
    },
    type: "event_callback",
    event_id: "Ev0MDYHUEL",
    event_time: 1515449522,
    authed_users: ["U0LAN0Z89"],
    ...envelope,
  });
}

export interface Clicked {
  readonly user: string;
  readonly userTeam?: string;
  readonly team?: string;
  readonly channel: string;
  readonly ts: string;
  readonly action: string;
  readonly value: string;
}

/** A click as the documentation of interactivity shows it, in a form field. */
export function slackClick({
  user,
  team = "T061EG9R6",
  userTeam = team,
  channel,
  ts,
  action,
  value,
}: Clicked): string {
  const payload = {
    type: "block_actions",
    team: { id: team, domain: "example" },
    user: { id: user, username: "somebody", name: "somebody", team_id: userTeam },
    api_app_id: "A0MDYCDME",
    token: "9s8d9as89d8as9d8as989",
    container: { type: "message", message_ts: ts, channel_id: channel, is_ephemeral: false },
    trigger_id: "12321423423.333649436676.d8c1bb837935619ccad0f624c448ffb3",
    channel: { id: channel, name: "review-updates" },
    message: { type: "message", ts, text: "a card", user: "U0LAN0Z89", bot_id: "BAH5CA16Z" },
    response_url: "https://hooks.slack.com/actions/T061EG9R6/1232321423432/D09sSasdasdAS9091209",
    actions: [
      { type: "button", action_id: action, block_id: "=qXel", value, action_ts: "1548426417.840180" },
    ],
  };
  return `payload=${encodeURIComponent(JSON.stringify(payload))}`;
}

/** A form that was sent, as the documentation of modals shows it. */
export function slackForm(
  meta: string,
  values: Readonly<Record<string, string>>,
  { user = "UBOSS", team = "T061EG9R6" } = {},
): string {
  const state = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, { value: { type: "plain_text_input", value } }]),
  );
  const payload = {
    type: "view_submission",
    team: { id: team, domain: "example" },
    user: { id: user, name: "somebody", team_id: team },
    view: {
      id: "VNHU13V36",
      type: "modal",
      private_metadata: meta,
      callback_id: "form",
      hash: "156663117.cd33ad1f",
      state: { values: state },
    },
  };
  return `payload=${encodeURIComponent(JSON.stringify(payload))}`;
}
