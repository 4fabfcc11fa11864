import { createPublicKey, verify } from "node:crypto";
import { z } from "zod";
import { check, fields, list, optional, text } from "../../base/checks.ts";
import { sha256 } from "../../base/digest.ts";
import { address, checkOptions, nonEmptyName } from "../../base/options.ts";
import { callPlatform } from "./call-platform.ts";
import { escapeMarkdown, fitsDiscord, messageOf, modalOf, whisperOf } from "./discord-message.ts";
import { type ChatPlatform, type Conversation, type Incoming, NotFromPlatform } from "./platform.ts";
import { isSameSecret } from "./same-secret.ts";

export interface DiscordOptions {
  /** The application's public key, in hex. */
  readonly publicKey: string;
  /** The application's id, which is its bot's, too. */
  readonly applicationId: string;
  readonly botToken: string;
  /** The guilds whose people are served, by id; `@me` stands for direct messages. Anything else is dropped. */
  readonly guilds: readonly string[];
  /** Where the API is. Default `https://discord.com/api/v10/`. */
  readonly apiUrl?: string | undefined;
  /** How people are known to policies. Default `discord`. */
  readonly name?: string | undefined;
}

const ID = /^\d{1,20}$/;
const MAX_SKEW_MS = 300_000;

const OPTIONS = fields({
  publicKey: check((value) => (/^[0-9a-f]{64}$/i.test(String(value)) ? undefined : "must be 64 hex digits")),
  applicationId: check((value) => (ID.test(String(value)) ? undefined : "must be an id, which is digits")),
  botToken: text(8),
  guilds: list(
    check((value) =>
      value === "@me" || ID.test(String(value)) ? undefined : "must be a guild's id, or @me",
    ),
    1,
  ),
  apiUrl: optional(address),
  name: optional(nonEmptyName),
});

const postedSchema = z.looseObject({ id: z.string(), channel_id: z.string() });

/**
 * Discord: interactions (commands, buttons, forms) are sent to `/channels/<name>`, signed with Ed25519. Its HTTP interface tells of no
 * messages: people write by a command with one text, such as `/ask`; or what Chat SDK's Discord adapter forwards from the Gateway
 * is taken as well. People are known as `discord:<guild>:<user>`, `discord:@me:<user>` in direct messages. Needs no package.
 * Throws `UsageError` (`invalid_configuration`) for invalid options.
 */
export function discord(options: DiscordOptions): ChatPlatform {
  checkOptions("discord", OPTIONS, options);
  const {
    applicationId,
    botToken,
    guilds,
    apiUrl = "https://discord.com/api/v10/",
    name = "discord",
  } = options;
  const x = Buffer.from(options.publicKey, "hex").toString("base64url");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  const headers = { authorization: `Bot ${botToken}` };

  function isSigned(body: string, given: Headers, now: number): boolean {
    const signature = Buffer.from(given.get("x-signature-ed25519") ?? "", "hex");
    const time = given.get("x-signature-timestamp") ?? "";
    if (!isRecent(Number(time) * 1000, now) || signature.length !== 64) return false;
    return verify(null, Buffer.from(time + body), key, signature);
  }

  return {
    name,
    serves: (team) => guilds.includes(team),
    limits: { buttons: 24, fields: 5, fieldText: 3_900, longValues: false },
    async read(request, now) {
      const body = await request.text();
      const forwarded = request.headers.get("x-discord-gateway-token");
      if (forwarded === null ? !isSigned(body, request.headers, now) : !isSameSecret(forwarded, botToken)) {
        throw new NotFromPlatform("the request is not signed by Discord");
      }
      const payload: unknown = JSON.parse(body);
      if (forwarded !== null) return readForwarded(payload, { applicationId, guilds, now });
      return readInteraction(payload, guilds);
    },
    fits: fitsDiscord,
    async post({ team, channel }, message, { key, signal } = {}) {
      const body = { ...messageOf(message), ...onceFor(key) };
      const call = { method: "POST", headers, body, signal } as const;
      const url = new URL(`channels/${idOf(channel)}/messages`, apiUrl);
      const { id } = postedSchema.parse(await callPlatform("Discord", url, call));
      return { team, channel, id };
    },
    async update({ channel, id }, message) {
      const url = new URL(`channels/${idOf(channel)}/messages/${idOf(id)}`, apiUrl);
      await callPlatform("Discord", url, { method: "PATCH", headers, body: messageOf(message) });
    },
    answer(to, words) {
      // What was forwarded is no interaction, and nobody reads the answer.
      if (to.kind === "message" && to.repliesTo === FORWARDED) return Response.json({ ok: true });
      if (words !== undefined) return Response.json(whisperOf(words));
      if (to.kind !== "message") return Response.json({ type: 6 });
      const content = escapeMarkdown(Array.from(to.text).slice(0, 900).join(""));
      return Response.json({ type: 4, data: { content, flags: 4, allowed_mentions: { parse: [] } } });
    },
    openForm: async ({ action, value }, form) => Response.json(modalOf(form, `${action} ${value}`)),
  };
}

/** Stands for the message that it replies to: a forwarded message is no answer to a form. */
const FORWARDED = "forwarded";

/** Discord posts a message with the same nonce once within some minutes, and gives the first one again. */
function onceFor(key: string | undefined) {
  return key === undefined ? {} : { nonce: sha256(key).slice(0, 24), enforce_nonce: true };
}

function idOf(text: string): string {
  if (!ID.test(text)) throw new Error("not an id of Discord");
  return text;
}

function isRecent(at: number, now: number): boolean {
  return Math.abs(at - now) <= MAX_SKEW_MS;
}

const personSchema = z.looseObject({ id: z.string().regex(ID), bot: z.boolean().optional() });
const inputSchema = z.looseObject({ custom_id: z.string(), value: z.string() });
const interactionSchema = z.looseObject({
  id: z.string(),
  type: z.number(),
  token: z.string().optional(),
  guild_id: z.string().optional(),
  channel_id: z.string().optional(),
  channel: z.looseObject({ type: z.number() }).optional(),
  member: z.looseObject({ user: personSchema }).optional(),
  user: personSchema.optional(),
  message: z.looseObject({ id: z.string() }).optional(),
  data: z
    .looseObject({
      custom_id: z.string().optional(),
      options: z.array(z.looseObject({ type: z.number(), value: z.unknown().optional() })).optional(),
      components: z
        .array(
          z.looseObject({ component: inputSchema.optional(), components: z.array(inputSchema).optional() }),
        )
        .optional(),
    })
    .optional(),
});
type Interaction = z.infer<typeof interactionSchema>;

const PING = 1;
const COMMAND = 2;
const BUTTON = 3;
const FORM = 5;

function readInteraction(payload: unknown, guilds: readonly string[]): Incoming {
  const parsed = interactionSchema.safeParse(payload);
  if (!parsed.success) return { kind: "ignored", why: "it is no interaction" };
  const interaction = parsed.data;
  if (interaction.type === PING) return { kind: "answer", response: Response.json({ type: 1 }) };
  const { guild_id: team = "@me", channel_id: channel, member, user = member?.user } = interaction;
  if (!guilds.includes(team)) return { kind: "ignored", why: "the guild is not one of ours" };
  if (user === undefined || user.bot === true || channel === undefined)
    return { kind: "ignored", why: "nobody has sent it" };
  const from = { team, user: user.id };
  switch (interaction.type) {
    case COMMAND:
      return readCommand(interaction, { team, channel, user: user.id });
    case BUTTON:
    case FORM: {
      const [, action, value] = /^(\w{1,30}) (.{1,64})$/.exec(interaction.data?.custom_id ?? "") ?? [];
      const { message } = interaction;
      if (message === undefined || action === undefined || value === undefined) {
        return { kind: "ignored", why: "it is no button of a message" };
      }
      const button = { message: { team, channel, id: message.id }, action, value };
      if (interaction.type === BUTTON) return { kind: "click", from, ...button, trigger: interaction.id };
      return { kind: "form", from, button, fields: fieldsOf(interaction) };
    }
    default:
      return { kind: "ignored", why: `nothing is done about interactions of type ${interaction.type}` };
  }
}

function fieldsOf({ data }: Interaction): Readonly<Record<string, string>> {
  const inputs = (data?.components ?? []).flatMap(({ component, components = [] }) =>
    component === undefined ? components : [component],
  );
  return Object.fromEntries(inputs.map(({ custom_id, value }) => [custom_id, value]));
}

interface Where {
  readonly team: string;
  readonly channel: string;
  readonly user: string;
}

/** A direct message and a thread are conversations; elsewhere, what one person writes in a channel is one. */
function conversationIn({ team, channel, user }: Where, type: number | undefined): Conversation {
  const isOwn = type !== undefined && [1, 10, 11, 12].includes(type);
  return { team, channel, thread: isOwn ? "" : `~${user}` };
}

const TEXT_OPTION = 3;
const BOOLEAN_OPTION = 5;

/** A command with one text; a true option beside it begins a new conversation. */
function readCommand({ id, channel, data }: Interaction, where: Where): Incoming {
  const given = data?.options ?? [];
  const words = given.find(({ type }) => type === TEXT_OPTION)?.value;
  const isNew = given.some(({ type, value }) => type === BOOLEAN_OPTION && value === true);
  if (typeof words !== "string") return { kind: "ignored", why: "the command has no text" };
  return {
    kind: "message",
    id,
    from: { team: where.team, user: where.user },
    place: conversationIn(where, channel?.type),
    text: words.toWellFormed().trim(),
    isAddressed: true,
    lasting: isNew ? "new" : "same",
  };
}

const forwardedSchema = z.looseObject({
  type: z.literal("GATEWAY_MESSAGE_CREATE"),
  timestamp: z.number(),
  data: z.looseObject({
    id: z.string(),
    channel_id: z.string(),
    channel_type: z.number().optional(),
    guild_id: z.string().optional(),
    author: personSchema,
    webhook_id: z.string().optional(),
    content: z.string(),
    mentions: z.array(z.looseObject({ id: z.string() })).default([]),
  }),
});

/** A message as Chat SDK's Discord adapter forwards it from the Gateway. */
function readForwarded(
  payload: unknown,
  { applicationId, guilds, now }: { applicationId: string; guilds: readonly string[]; now: number },
): Incoming {
  const parsed = forwardedSchema.safeParse(payload);
  if (!parsed.success) return { kind: "ignored", why: "it is no message" };
  const { data, timestamp } = parsed.data;
  if (!isRecent(timestamp, now)) throw new NotFromPlatform("it was forwarded too long ago");
  const { guild_id: team = "@me", channel_id: channel, author } = data;
  if (!guilds.includes(team)) return { kind: "ignored", why: "the guild is not one of ours" };
  if (author.bot === true || data.webhook_id !== undefined)
    return { kind: "ignored", why: "a program has written it" };
  const place = conversationIn({ team, channel, user: author.id }, team === "@me" ? 1 : data.channel_type);
  const isMention = data.mentions.some(({ id }) => id === applicationId);
  if (!isMention && team !== "@me" && place.thread !== "")
    return { kind: "ignored", why: "it is not for the bot" };
  return {
    kind: "message",
    id: data.id,
    from: { team, user: author.id },
    place,
    text: data.content
      .replaceAll(new RegExp(`<@!?${applicationId}>`, "g"), "")
      .toWellFormed()
      .trim(),
    isAddressed: isMention || team === "@me",
    lasting: "same",
    repliesTo: FORWARDED,
  };
}
