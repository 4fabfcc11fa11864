import { z } from "zod";
import { fields, list, optional, text } from "../../base/checks.ts";
import { systemClock } from "../../base/clock.ts";
import { address, checkOptions, nonEmptyName } from "../../base/options.ts";
import { callPlatform } from "./call-platform.ts";
import {
  type ChatPlatform,
  type Conversation,
  type Incoming,
  NotFromPlatform,
  type Place,
} from "./platform.ts";
import { activityOf, fitsTeams } from "./teams-card.ts";
import { createTokenCheck } from "./teams-token.ts";

export interface TeamsOptions {
  /** The application id of the bot. */
  readonly appId: string;
  readonly clientSecret: string;
  /** The tenants whose people are served, by id. The first one is the bot's own. Any other is dropped. */
  readonly tenants: readonly string[];
  /** Where messages are sent. Default `https://smba.trafficmanager.net/teams/`. What a request says of it is never used. */
  readonly serviceUrl?: string | undefined;
  /** Where the bot gets its tokens. Default: that of the first tenant at `https://login.microsoftonline.com/`. */
  readonly tokenUrl?: string | undefined;
  /** Where the keys are named that requests are signed with. Default: that of the public Bot Framework. */
  readonly openIdUrl?: string | undefined;
  /** How people are known to policies. Default `teams`. */
  readonly name?: string | undefined;
}

const OPTIONS = fields({
  appId: text(8),
  clientSecret: text(8),
  tenants: list(text(8), 1),
  serviceUrl: optional(address),
  tokenUrl: optional(address),
  openIdUrl: optional(address),
  name: optional(nonEmptyName),
});

const tokenSchema = z.looseObject({ access_token: z.string().min(1), expires_in: z.number() });
const postedSchema = z.looseObject({ id: z.string().min(1) });

/**
 * Microsoft Teams, over the Bot Framework: activities are sent to `/channels/<name>`, with a token that proves who sends them. People
 * are known as `teams:<tenant>:<object id>`. A post of a channel with what is below it is a conversation; so is a personal chat,
 * and what one person writes to the bot in a group chat; `/new` begins another one there. Needs no package. Throws `UsageError`
 * (`invalid_configuration`) for invalid options.
 */
export function teams(options: TeamsOptions): ChatPlatform {
  checkOptions("teams", OPTIONS, options);
  const { appId, clientSecret, tenants, name = "teams" } = options;
  const {
    serviceUrl = "https://smba.trafficmanager.net/teams/",
    tokenUrl = `https://login.microsoftonline.com/${encodeURIComponent(tenants[0] ?? "")}/oauth2/v2.0/token`,
    openIdUrl = "https://login.botframework.com/v1/.well-known/openidconfiguration",
  } = options;
  const checkToken = createTokenCheck({ openIdUrl, audience: appId });
  let token: { readonly text: string; readonly until: number } | undefined;

  async function ownToken(now: number): Promise<string> {
    if (token !== undefined && token.until > now) return token.text;
    const body = new URLSearchParams({
      client_id: appId,
      client_secret: clientSecret,
      grant_type: "client_credentials",
      scope: "https://api.botframework.com/.default",
    });
    const answer = await callPlatform("the token of Teams", new URL(tokenUrl), { method: "POST", body });
    const { access_token, expires_in } = tokenSchema.parse(answer);
    token = { text: access_token, until: now + (expires_in - 300) * 1000 };
    return access_token;
  }

  async function call(
    method: "POST" | "PUT",
    path: string,
    body: object,
    signal?: AbortSignal,
  ): Promise<unknown> {
    const headers = { authorization: `Bearer ${await ownToken(systemClock.now())}` };
    return callPlatform("Teams", new URL(`v3/conversations/${path}`, serviceUrl), {
      method,
      headers,
      body,
      signal,
    });
  }

  async function post(place: Place, activity: object, signal?: AbortSignal) {
    const path = `${encodeURIComponent(conversationId(place))}/activities`;
    const { id } = postedSchema.parse(await call("POST", path, activity, signal));
    return { team: place.team, channel: place.channel, id };
  }

  return {
    name,
    serves: (team) => tenants.includes(team),
    limits: { buttons: 40, fields: 20, fieldText: 2_900, longValues: true },
    async read(request, now) {
      const url = await checkToken(request.headers.get("authorization"), now);
      const parsed = activitySchema.safeParse(JSON.parse(await request.text()));
      if (!parsed.success) return { kind: "ignored", why: "it is no message and no click" };
      const activity = parsed.data;
      if (activity.serviceUrl !== url) throw new NotFromPlatform("the token is for another service");
      if (!tenants.includes(activity.channelData.tenant.id)) {
        return { kind: "ignored", why: "the tenant is not one of ours" };
      }
      return activity.type === "message" ? readMessage(activity) : readInvoke(activity);
    },
    fits: fitsTeams,
    post: (place, message, how) => post(place, activityOf(message), how?.signal),
    async update({ channel, id }, message) {
      const path = `${encodeURIComponent(channel)}/activities/${encodeURIComponent(id)}`;
      await call("PUT", path, activityOf(message));
    },
    answer(to, words, later) {
      if (to.kind !== "message") {
        const value = words ?? "Done.";
        return Response.json({ statusCode: 200, type: "application/vnd.microsoft.activity.message", value });
      }
      if (words !== undefined) later(post(to.place, activityOf({ title: words, parts: [], buttons: [] })));
      return new Response(null, { status: 200 });
    },
    // The card holds the form of the button: it was sent without any words.
    openForm: async () =>
      Response.json({
        statusCode: 200,
        type: "application/vnd.microsoft.activity.message",
        value: "Say it in words first.",
      }),
  };
}

/** A conversation as the Bot Framework names it. */
function conversationId({ channel, thread = "" }: Place): string {
  return thread === "" || thread.startsWith("~") ? channel : `${channel};messageid=${thread}`;
}

const activitySchema = z.looseObject({
  type: z.enum(["message", "invoke"]),
  id: z.string().min(1),
  name: z.string().optional(),
  channelId: z.literal("msteams"),
  serviceUrl: z.string(),
  from: z.looseObject({ id: z.string(), aadObjectId: z.string().min(1).optional() }),
  recipient: z.looseObject({ id: z.string() }).optional(),
  conversation: z.looseObject({ id: z.string().min(1), conversationType: z.string().optional() }),
  channelData: z.looseObject({ tenant: z.looseObject({ id: z.string() }) }),
  text: z.string().optional(),
  replyToId: z.string().optional(),
  entities: z
    .array(
      z.looseObject({
        type: z.string(),
        text: z.string().optional(),
        mentioned: z.looseObject({ id: z.string() }).optional(),
      }),
    )
    .default([]),
  value: z.unknown().optional(),
});
type Activity = z.infer<typeof activitySchema>;

function readMessage(activity: Activity): Incoming {
  const { id, from, conversation, channelData, text = "", entities, recipient } = activity;
  if (from.aadObjectId === undefined) return { kind: "ignored", why: "nobody of a tenant has written it" };
  const team = channelData.tenant.id;
  const mentions = entities.filter(
    ({ type, mentioned }) => type === "mention" && mentioned?.id === recipient?.id,
  );
  const own = mentions
    .reduce((rest, { text: mention = "" }) => rest.replaceAll(mention, ""), text)
    .toWellFormed()
    .trim();
  const [, channel = "", root = ""] = /^(.+?)(?:;messageid=([^;]+))?$/.exec(conversation.id) ?? [];
  const isNew = /^\/new(?=\s|$)/.test(own);
  const message = {
    kind: "message",
    id: `${channel}:${id}`,
    from: { team, user: from.aadObjectId },
  } as const;
  const isAddressed = mentions.length > 0 && recipient !== undefined;
  const place = (thread: string): Conversation => ({ team, channel, thread });
  switch (conversation.conversationType) {
    case "channel":
      return { ...message, place: place(root === "" ? id : root), text: own, isAddressed };
    case "personal":
    case "groupChat": {
      const isPersonal = conversation.conversationType === "personal";
      if (!isPersonal && !isAddressed) return { kind: "ignored", why: "it is not for the bot" };
      return {
        ...message,
        place: place(isPersonal ? "" : `~${from.aadObjectId}`),
        text: isNew ? own.slice(4).trim() : own,
        isAddressed: true,
        lasting: isNew ? "new" : "same",
      };
    }
    default:
      return { kind: "ignored", why: "it is no conversation of Teams" };
  }
}

const clickSchema = z.looseObject({
  action: z.looseObject({ verb: z.string(), data: z.looseObject({ value: z.string() }) }),
});

function readInvoke({ id, name, from, conversation, channelData, replyToId, value }: Activity): Incoming {
  const clicked = clickSchema.safeParse(value);
  if (
    name !== "adaptiveCard/action" ||
    !clicked.success ||
    replyToId === undefined ||
    from.aadObjectId === undefined
  ) {
    return { kind: "ignored", why: "it is no button of a card" };
  }
  const team = channelData.tenant.id;
  const channel = conversation.id.replace(/;messageid=.*$/, "");
  const { verb: action, data } = clicked.data.action;
  const { value: own, ...inputs } = data;
  const button = { message: { team, channel, id: replyToId }, action, value: own };
  const person = { team, user: from.aadObjectId };
  const texts = Object.entries(inputs).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  if (texts.length === 0) return { kind: "click", from: person, ...button, trigger: id };
  return { kind: "form", from: person, button, fields: Object.fromEntries(texts) };
}
