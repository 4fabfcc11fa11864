import { z } from "zod";
import { check, fields, optional } from "../../base/checks.ts";
import { address, checkOptions, nonEmptyName } from "../../base/options.ts";
import { callPlatform } from "./call-platform.ts";
import {
  type ChatMessage,
  type ChatPlatform,
  type Incoming,
  NotFromPlatform,
  type Place,
} from "./platform.ts";
import { isSameSecret } from "./same-secret.ts";
import { MAX_TEXT, textOf } from "./telegram-text.ts";

export interface TelegramOptions {
  /** The bot's token, as `@BotFather` gives it: `110201543:AAHd…`. */
  readonly botToken: string;
  /** What was set as `secret_token` with the webhook: 32 to 256 letters, digits, `_` and `-`. */
  readonly secretToken: string;
  /** The bot's name, without `@`: in groups, messages that mention it are for it. */
  readonly userName: string;
  /** Where the Bot API is. Default `https://api.telegram.org/`. */
  readonly apiUrl?: string | undefined;
  /** How people are known to policies. Default `telegram`. */
  readonly name?: string | undefined;
}

const OPTIONS = fields({
  botToken: check((value) =>
    /^\d{1,20}:\S{8,}$/.test(String(value)) ? undefined : "must be a bot's token, 123:abc…",
  ),
  secretToken: check((value) =>
    /^[\w-]{32,256}$/.test(String(value)) ? undefined : "must be 32 to 256 letters, digits, _ and -",
  ),
  userName: check((value) =>
    /^\w{3,64}$/.test(String(value)) ? undefined : "must be a bot's name, without @",
  ),
  apiUrl: optional(address),
  name: optional(nonEmptyName),
});

const sentSchema = z.looseObject({ ok: z.literal(true), result: z.looseObject({ message_id: z.number() }) });

/**
 * Telegram, over its Bot API: updates are sent to `/channels/<name>` with a secret token, which proves that they are Telegram's.
 * People are known by Telegram's own number alone: `telegram:123456`. A private chat is a conversation, and so is what one person
 * writes in a group (or a topic of it) to the bot; `/new` begins another one. Words that a button asks for are a reply to the
 * bot's question. Needs no package. Throws `UsageError` (`invalid_configuration`) for invalid options.
 */
export function telegram(options: TelegramOptions): ChatPlatform {
  checkOptions("telegram", OPTIONS, options);
  const {
    botToken,
    secretToken,
    userName,
    apiUrl = "https://api.telegram.org/",
    name = "telegram",
  } = options;
  const botId = Number(botToken.slice(0, botToken.indexOf(":")));

  const call = (method: string, body: object, signal?: AbortSignal): Promise<unknown> =>
    callPlatform(`Telegram ${method}`, new URL(`./bot${botToken}/${method}`, apiUrl), {
      method: "POST",
      body,
      signal,
    });

  async function send(place: Place, message: object, signal?: AbortSignal) {
    const [topic = ""] = (place.thread ?? "").split("~");
    const to = { chat_id: place.channel, ...(topic === "" ? {} : { message_thread_id: Number(topic) }) };
    const { result } = sentSchema.parse(await call("sendMessage", { ...to, ...QUIET, ...message }, signal));
    return { team: "", channel: place.channel, id: String(result.message_id) };
  }

  return {
    name,
    serves: (team) => team === "",
    limits: { buttons: 40, fields: 0, fieldText: 0, longValues: false },
    async read(request) {
      const token = request.headers.get("x-telegram-bot-api-secret-token") ?? "";
      if (!isSameSecret(token, secretToken))
        throw new NotFromPlatform("the request does not have Telegram's secret token");
      const update = updateSchema.safeParse(JSON.parse(await request.text()));
      if (!update.success) return { kind: "ignored", why: "it is no message and no click" };
      const { message, callback_query: click } = update.data;
      if (message !== undefined) return readMessage(message, { botId, userName });
      return click === undefined
        ? { kind: "ignored", why: "it is no message and no click" }
        : readClick(click);
    },
    fits: (message) => textOf(message).text.length <= MAX_TEXT,
    post: (place, message, how) => send(place, bodyOf(message), how?.signal),
    async update({ channel, id }, message) {
      const body = { chat_id: channel, message_id: Number(id), ...QUIET, ...bodyOf(message) };
      await call("editMessageText", body).catch((error: unknown) => {
        if (!(error instanceof Error) || !error.message.includes("message is not modified")) throw error;
      });
    },
    // Telegram takes the method to be called as the answer to its request.
    answer(to, words) {
      if (to.kind === "click") {
        const note = words === undefined ? {} : { text: words.slice(0, 195), show_alert: true };
        return Response.json({ method: "answerCallbackQuery", callback_query_id: to.trigger, ...note });
      }
      if (words === undefined) return new Response(null, { status: 200 });
      const place = to.kind === "form" ? to.button.message : to.place;
      const text = textOf({ title: "", parts: [{ text: words.slice(0, 1_000) }] });
      return Response.json({ method: "sendMessage", chat_id: place.channel, ...QUIET, ...text });
    },
    async openForm({ message }, { title, fields: [field] }) {
      const text = textOf({ title, parts: [{ text: `${field?.label ?? ""} Reply to this message.` }] });
      const prompt = { ...text, reply_markup: { force_reply: true }, ...replyTo(message.id) };
      return send(message, prompt);
    },
  };
}

const QUIET = { link_preview_options: { is_disabled: true } };

function replyTo(id: string) {
  return { reply_parameters: { message_id: Number(id), allow_sending_without_reply: true } };
}

function bodyOf(message: ChatMessage) {
  const { buttons, link } = message;
  const rows = [
    ...buttons.map(({ action, label, value }) => [{ text: label, callback_data: `${action} ${value}` }]),
    ...(link === undefined ? [] : [[{ text: "Open", url: link }]]),
  ];
  return { ...textOf(message), reply_markup: { inline_keyboard: rows } };
}

const personSchema = z.looseObject({ id: z.number(), is_bot: z.boolean().optional() });
const chatSchema = z.looseObject({ id: z.number(), type: z.string() });
const messageSchema = z.looseObject({
  message_id: z.number(),
  from: personSchema.optional(),
  sender_chat: z.unknown().optional(),
  via_bot: z.unknown().optional(),
  chat: chatSchema,
  message_thread_id: z.number().optional(),
  is_topic_message: z.boolean().optional(),
  text: z.string().optional(),
  reply_to_message: z.looseObject({ message_id: z.number(), from: personSchema.optional() }).optional(),
});
const clickSchema = z.looseObject({
  id: z.string(),
  from: personSchema,
  message: z.looseObject({ message_id: z.number(), chat: chatSchema }).optional(),
  data: z.string().optional(),
});
const updateSchema = z.looseObject({
  message: messageSchema.optional(),
  callback_query: clickSchema.optional(),
});

function readMessage(
  message: z.infer<typeof messageSchema>,
  { botId, userName }: { readonly botId: number; readonly userName: string },
): Incoming {
  const { chat, from, text, reply_to_message: original } = message;
  // A chat that writes, such as an anonymous administrator, is nobody.
  const isByPerson =
    from?.is_bot === false && message.sender_chat === undefined && message.via_bot === undefined;
  if (from === undefined || !isByPerson) return { kind: "ignored", why: "no person has written it" };
  if (text === undefined) return { kind: "ignored", why: "it has no text" };
  const isPrivate = chat.type === "private";
  const own = readOwnText(text, userName);
  if (!isPrivate && !own.isForBot && original?.from?.id !== botId) {
    return { kind: "ignored", why: "it is not for the bot" };
  }
  const topic = message.is_topic_message === true ? String(message.message_thread_id ?? "") : "";
  return {
    kind: "message",
    id: `${chat.id}:${message.message_id}`,
    from: { team: "", user: String(from.id) },
    place: { team: "", channel: String(chat.id), thread: isPrivate ? topic : `${topic}~${from.id}` },
    text: own.text,
    isAddressed: true,
    lasting: own.isNew ? "new" : "same",
    repliesTo: original === undefined ? undefined : String(original.message_id),
  };
}

/** The text without the bot's name and the command that it begins with. */
function readOwnText(text: string, userName: string) {
  const command = new RegExp(`^\\s*/(\\w+)(?:@${userName})?(?=\\s|$)`, "i").exec(text);
  const [start = ""] = command ?? [];
  const isNew = command?.[1] === "new" || command?.[1] === "start";
  const mention = new RegExp(`(?<!\\w)@${userName}(?!\\w)`, "gi");
  const rest = isNew || command?.[1] === "ask" ? text.slice(start.length) : text;
  return {
    isForBot: command !== null || mention.test(text),
    isNew,
    text: rest.replaceAll(mention, "").toWellFormed().trim(),
  };
}

function readClick({ id, from, message, data }: z.infer<typeof clickSchema>): Incoming {
  const [, action, value] = /^(\w{1,30}) (.{1,64})$/.exec(data ?? "") ?? [];
  if (message === undefined || action === undefined || value === undefined || from.is_bot === true) {
    return { kind: "ignored", why: "it is no button of a message" };
  }
  return {
    kind: "click",
    from: { team: "", user: String(from.id) },
    message: { team: "", channel: String(message.chat.id), id: String(message.message_id) },
    action,
    value,
    trigger: id,
  };
}
