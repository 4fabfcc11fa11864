import { generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { type ChatPlatform, discord, slack, teams, telegram } from "../../src/channels/chat/index.ts";
import {
  SIGNING_SECRET,
  signedRequest,
  slackClick,
  slackEvent,
  slackForm,
  slackServer,
  TOKEN,
} from "./slack-server.ts";

/** A message that a platform was asked to post or to change. */
export interface Shown {
  readonly id: string;
  readonly channel: string;
  readonly text: string;
  /** The values of its buttons, by their actions. */
  readonly buttons: ReadonlyMap<string, string>;
  /** All that was sent. */
  readonly raw: unknown;
}

export interface Press {
  readonly user: string;
  readonly team?: string | undefined;
  readonly channel: string;
  readonly id: string;
  readonly action: string;
  readonly value: string;
}

export interface Signing {
  readonly at: number;
  /** What is wrong with the proof. */
  readonly wrong?: "key" | "none" | "old" | "early" | undefined;
}

/** One platform, as its published examples show what it sends, and a local server with the parts of its API that are used. */
export interface World {
  readonly name: string;
  readonly platform: ChatPlatform;
  readonly team: string | undefined;
  /** How a policy names somebody. */
  who(user: string): string;
  readonly people: { readonly boss: string; readonly ann: string; readonly eve: string };
  /** Where requests are posted. */
  readonly desk: string;
  readonly hasTime: boolean;
  readonly canEdit: boolean;
  write(said: { text: string; id: string; user: string; team?: string; isProgram?: boolean }): string;
  press(press: Press): string;
  /** Sends the form of a button: what the platform has answered or posted about the click is at hand. */
  submit(press: Press, fields: Readonly<Record<string, string>>, opened: string): string;
  sign(body: string, signing: Signing): Request;
  posted(): readonly Shown[];
  changed(): readonly Shown[];
  /** What somebody was told, in an answer or by a call. */
  told(answers: readonly string[]): string;
  /** Whether its API answers 503, and how often it has. */
  readonly state: { isDown: boolean; refused: number; tellsHistory?: boolean };
  reset(): void;
  close(): Promise<void>;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly id: string;
}

const bodySchema = z.record(z.string(), z.unknown());

async function localServer(answer: (call: Call) => unknown) {
  const calls: Call[] = [];
  const state = { isDown: false, refused: 0 };
  let count = 100;
  const server = createServer(async (request, response) => {
    const raw = await text(request);
    if (state.isDown) {
      state.refused += 1;
      response.writeHead(503, { "content-type": "application/json" }).end("{}");
      return;
    }
    count += 1;
    const isJson = request.headers["content-type"]?.includes("json") === true;
    const body = bodySchema.parse(isJson ? JSON.parse(raw) : {});
    const call = {
      method: request.method ?? "",
      path: decodeURIComponent(request.url ?? ""),
      body,
      id: String(count),
    };
    calls.push(call);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer(call)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no address");
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return { url: `http://127.0.0.1:${address.port}/`, calls, state, close };
}

function postOf(body: string, headers: Readonly<Record<string, string>>): Request {
  const all = { "content-type": "application/json", ...headers };
  return new Request("https://agents.example.com/channels/x", { method: "POST", body, headers: all });
}

/** What is under these names anywhere in a value. */
function found(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap((one) => found(one, name));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) => [...(key === name ? [one] : []), ...found(one, name)]);
}

const strings = (value: unknown, name: string) => found(value, name).filter((one) => typeof one === "string");

function buttonsIn(pairs: readonly string[]): ReadonlyMap<string, string> {
  return new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf(" ")), pair.slice(pair.indexOf(" ") + 1)]));
}

export async function telegramWorld(): Promise<World> {
  const server = await localServer(({ id }) => ({ ok: true, result: { message_id: Number(id) } }));
  const secretToken = "k".repeat(40);
  const chat = (id: string) => ({ id: Number(id), type: id.startsWith("-") ? "supergroup" : "private" });
  const shown = (method: string) =>
    server.calls
      .filter(({ path }) => path.endsWith(method))
      .map(
        ({ body, id }): Shown => ({
          id: String(body["message_id"] ?? id),
          channel: String(body["chat_id"]),
          text: String(body["text"]),
          buttons: buttonsIn(strings(body, "callback_data")),
          raw: body,
        }),
      );
  let update = 10_000;
  const reply = (message: object) => JSON.stringify({ update_id: ++update, message });
  return {
    name: "telegram",
    platform: telegram({
      botToken: "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
      secretToken,
      userName: "desk_bot",
      apiUrl: server.url,
    }),
    team: undefined,
    who: (user) => `telegram:${user}`,
    people: { boss: "7", ann: "1111", eve: "666" },
    desk: "-1001",
    hasTime: false,
    canEdit: false,
    write: ({ text: said, id, user, isProgram = false }) =>
      reply({
        date: 1441645532,
        chat: { last_name: "Test", id: Number(user), first_name: "Test", type: "private" },
        message_id: Number(id),
        from: { last_name: "Test", id: Number(user), first_name: "Test", is_bot: isProgram },
        text: said,
      }),
    press: ({ user, channel, id, action, value }) =>
      JSON.stringify({
        update_id: ++update,
        callback_query: {
          id: "4382bfdwdsb323b2d9",
          from: { last_name: "Test", id: Number(user), first_name: "Test", is_bot: false },
          message: { message_id: Number(id), date: 1441645532, chat: chat(channel), text: "a card" },
          chat_instance: "42a",
          data: `${action} ${value}`,
        },
      }),
    submit({ user, channel }, fields) {
      const prompt = shown("sendMessage").findLast(({ text: asked }) =>
        asked.includes("Reply to this message."),
      );
      return reply({
        date: 1441645532,
        chat: chat(channel),
        message_id: ++update,
        from: { id: Number(user), first_name: "Test", is_bot: false },
        reply_to_message: { message_id: Number(prompt?.id), from: { id: 110201543, is_bot: true } },
        text: Object.values(fields)[0],
      });
    },
    sign: (body, { wrong }) =>
      postOf(
        body,
        wrong === "none"
          ? {}
          : { "x-telegram-bot-api-secret-token": wrong === "key" ? "x".repeat(40) : secretToken },
      ),
    posted: () => shown("sendMessage"),
    changed: () => shown("editMessageText"),
    told: (answers) => answers.join("\n"),
    state: server.state,
    reset: () => server.calls.splice(0),
    close: server.close,
  };
}

export async function discordWorld(): Promise<World> {
  const server = await localServer(({ id, path }) => ({ id, channel_id: path.split("/")[2] }));
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const other = generateKeyPairSync("ed25519").privateKey;
  const x = publicKey.export({ format: "jwk" }).x ?? "";
  const shown = (method: string) =>
    server.calls
      .filter((call) => call.method === method)
      .map(
        ({ path, body, id }): Shown => ({
          id: path.split("/")[4] ?? id,
          channel: path.split("/")[2] ?? "",
          text: [...strings(body, "title"), ...strings(body, "description")]
            .join("\n")
            .replace(/\\(.)/g, "$1"),
          buttons: buttonsIn(strings(body, "custom_id")),
          raw: body,
        }),
      );
  let interactions = 0;
  const interaction = (type: number, user: string, guild: string, rest: object) =>
    JSON.stringify({
      type,
      token: "A_UNIQUE_TOKEN",
      member: {
        user: {
          id: user,
          username: "somebody",
          avatar: "a_d5efa99b3eeaa7dd43acca82f5692432",
          discriminator: "1337",
        },
        roles: ["539082325061836999"],
        permissions: "2147483647",
      },
      id: `9${++interactions}`,
      application_id: "845027738276462632",
      guild_id: guild,
      app_permissions: "442368",
      locale: "en-US",
      channel_id: "645027906669510667",
      channel: { id: "645027906669510667", type: 0 },
      ...rest,
    });
  const button = (
    { user, team = "290926798626357999", channel, id, action, value }: Press,
    type: number,
    data: object,
  ) =>
    interaction(type, user, team, {
      channel_id: channel,
      message: { id, type: 0, content: "a card", channel_id: channel },
      data: { custom_id: `${action} ${value}`, ...data },
    });
  return {
    name: "discord",
    platform: discord({
      publicKey: Buffer.from(x, "base64url").toString("hex"),
      applicationId: "845027738276462632",
      botToken: "MTk4NjIyNDgzNDcxOTI1MjQ4",
      guilds: ["290926798626357999"],
      apiUrl: server.url,
    }),
    team: "290926798626357999",
    who: (user) => `discord:290926798626357999:${user}`,
    people: { boss: "53908232506183680", ann: "53908099506183680", eve: "666" },
    desk: "777",
    hasTime: true,
    canEdit: true,
    write: ({ text: said, id, user, team = "290926798626357999", isProgram = false }) =>
      interaction(2, user, team, {
        id,
        ...(isProgram ? { member: { user: { id: user, bot: true } } } : {}),
        data: {
          id: "771825006014889984",
          name: "ask",
          type: 1,
          options: [{ type: 3, name: "text", value: said }],
        },
      }),
    press: (press) => button(press, 3, { component_type: 2 }),
    submit: (press, fields) =>
      button(press, 5, {
        components: Object.entries(fields).map(([custom_id, value]) => ({
          type: 18,
          component: { type: 4, custom_id, value },
        })),
      }),
    sign(body, { at, wrong }) {
      if (wrong === "none") return postOf(body, {});
      const shift = wrong === "old" ? -400 : wrong === "early" ? 400 : 0;
      const time = String(Math.floor(at / 1000) + shift);
      const signature = sign(null, Buffer.from(time + body), wrong === "key" ? other : privateKey).toString(
        "hex",
      );
      return postOf(body, { "x-signature-ed25519": signature, "x-signature-timestamp": time });
    },
    posted: () => shown("POST"),
    changed: () => shown("PATCH"),
    told: (answers) => answers.join("\n").replace(/\\\\(.)/g, "$1"),
    state: server.state,
    reset: () => server.calls.splice(0),
    close: server.close,
  };
}

const TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47";

export async function teamsWorld(): Promise<World> {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const other = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const jwk = {
    ...publicKey.export({ format: "jwk" }),
    kid: "key-1",
    use: "sig",
    endorsements: ["msteams", "skype"],
  };
  const server = await localServer(({ path, id }) => {
    if (path === "/openid") return { issuer: "https://api.botframework.com", jwks_uri: `${server.url}keys` };
    if (path === "/keys") return { keys: [jwk] };
    return path === "/token" ? { access_token: "token-1", expires_in: 3600 } : { id: `1:${id}` };
  });
  const serviceUrl = "https://smba.trafficmanager.net/emea/";
  const shown = (method: string) =>
    server.calls
      .filter((call) => call.method === method && call.path.startsWith("/v3/"))
      .map(({ path, body, id }): Shown => {
        const [, , , channel = "", , message] = path.split("/");
        const actions = found(body, "actions").flat();
        const executes = actions.filter((action) => strings(action, "verb").length > 0);
        return {
          id: message ?? `1:${id}`,
          channel: channel.replace(/;messageid=.*/, ""),
          text: strings(found(body, "inlines"), "text").join("\n"),
          buttons: new Map(
            executes.map((action) => [
              strings(action, "verb")[0] ?? "",
              strings(found(action, "data"), "value")[0] ?? "",
            ]),
          ),
          raw: body,
        };
      });
  const activity = (user: string, tenant: string, rest: object) =>
    JSON.stringify({
      timestamp: "2017-05-08T22:09:02.123Z",
      serviceUrl,
      channelId: "msteams",
      from: {
        id: `29:1XJKJMvc5GBtc2JwZq0oj8tHZmzrQgFmB39ATiQWA85gQ-${user}`,
        name: "Somebody",
        aadObjectId: user,
      },
      conversation: { conversationType: "personal", tenantId: tenant, id: `a:${user}` },
      recipient: { id: "28:c9e8c047-2a74-40a2-b28a-b162d5f5327c", name: "Desk" },
      channelData: { tenant: { id: tenant } },
      ...rest,
    });
  const invoke = ({ user, team = TENANT, channel, id, action, value }: Press, inputs: object) =>
    activity(user, team, {
      type: "invoke",
      name: "adaptiveCard/action",
      id: "f:622749630322482883",
      replyToId: id,
      conversation: { conversationType: "channel", isGroup: true, id: `${channel};messageid=${id}` },
      value: {
        action: { type: "Action.Execute", verb: action, data: { value, ...inputs } },
        trigger: "manual",
      },
    });
  return {
    name: "teams",
    platform: teams({
      appId: "c9e8c047-2a74-40a2-b28a-b162d5f5327c",
      clientSecret: "secret-secret",
      tenants: [TENANT],
      serviceUrl: server.url,
      tokenUrl: `${server.url}token`,
      openIdUrl: `${server.url}openid`,
    }),
    team: TENANT,
    who: (user) => `teams:${TENANT}:${user}`,
    people: { boss: "boss-0001", ann: "ann-0001", eve: "eve-0001" },
    desk: "19:253b1f341670408fb6fe51050b6e5ceb@thread.skype",
    hasTime: true,
    canEdit: true,
    write: ({ text: said, id, user, team = TENANT, isProgram = false }) =>
      activity(user, team, {
        type: "message",
        id,
        text: said,
        textFormat: "plain",
        ...(isProgram ? { from: { id: "28:another-bot", name: "Bot" } } : {}),
      }),
    press: (press) => invoke(press, {}),
    submit: (press, fields) => invoke(press, fields),
    sign(body, { at, wrong }) {
      if (wrong === "none") return postOf(body, {});
      const now = Math.floor(at / 1000) + (wrong === "old" ? -7200 : wrong === "early" ? 7200 : 0);
      const claims = {
        serviceurl: serviceUrl,
        nbf: now,
        exp: now + 3600,
        iss: "https://api.botframework.com",
        aud: "c9e8c047-2a74-40a2-b28a-b162d5f5327c",
      };
      const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
      const signed = `${encode({ typ: "JWT", alg: "RS256", kid: "key-1" })}.${encode(claims)}`;
      const signature = sign(
        "RSA-SHA256",
        Buffer.from(signed),
        wrong === "key" ? other : privateKey,
      ).toString("base64url");
      return postOf(body, { authorization: `Bearer ${signed}.${signature}` });
    },
    posted: () => shown("POST"),
    changed: () => shown("PUT"),
    told: (answers) => answers.join("\n"),
    state: server.state,
    reset: () => server.calls.splice(0),
    close: server.close,
  };
}

const SLACK_TEAM = "T061EG9R6";

export async function slackWorld(): Promise<World> {
  const server = await slackServer();
  const shown = (wanted: string) =>
    server.calls
      .filter(({ method }) => method === wanted)
      .map(({ body, ts }): Shown => {
        const elements = (body.blocks ?? []).flatMap(({ elements: all = [] }) => all);
        return {
          id: body.ts ?? ts,
          channel: body.channel ?? "",
          text: (body.blocks ?? []).map((block) => block.text?.text ?? "").join("\n"),
          buttons: new Map(
            elements.flatMap(({ action_id = "", value }) =>
              value === undefined ? [] : [[action_id, value]],
            ),
          ),
          raw: body,
        };
      });
  return {
    name: "slack",
    platform: slack({ signingSecret: SIGNING_SECRET, teams: { [SLACK_TEAM]: TOKEN }, apiUrl: server.apiUrl }),
    team: SLACK_TEAM,
    who: (user) => `slack:${SLACK_TEAM}:${user}`,
    people: { boss: "UBOSS", ann: "U061F7AUR", eve: "UEVE" },
    desk: "CBOSS",
    hasTime: true,
    canEdit: true,
    write: ({ text: said, id, user, team = SLACK_TEAM, isProgram = false }) =>
      slackEvent(
        {
          text: `<@U0LAN0Z89> ${said}`,
          ts: `1515449522.${id}`,
          thread_ts: "1515449522.000016",
          user,
          ...(isProgram ? { bot_id: "B1" } : {}),
        },
        { team_id: team },
      ),
    press: ({ id, ...press }) => slackClick({ ...press, ts: id, team: press.team ?? SLACK_TEAM }),
    submit: ({ user, team = SLACK_TEAM }, fields) =>
      slackForm(
        server.calls.findLast(({ method }) => method === "views.open")?.body.view?.private_metadata ?? "",
        fields,
        { user, team },
      ),
    sign(body, { at, wrong }) {
      const type = body.startsWith("payload=") ? "application/x-www-form-urlencoded" : "application/json";
      const shift = wrong === "old" ? -400_000 : wrong === "early" ? 400_000 : 0;
      return signedRequest(body, type, {
        at: at + shift,
        ...(wrong === "key" ? { secret: "another secret" } : {}),
        ...(wrong === "none" ? { headers: { "x-slack-signature": "" } } : {}),
      });
    },
    posted: () => shown("chat.postMessage"),
    changed: () => shown("chat.update"),
    told: (answers) =>
      [
        ...answers,
        ...server.calls.filter(({ method }) => method === "chat.postEphemeral").map(({ body }) => body.text),
      ].join("\n"),
    state: server.state,
    reset: () => {
      server.calls.length = 0;
    },
    close: server.close,
  };
}
