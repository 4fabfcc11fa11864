import {
  callSlackApi,
  openSlackView,
  postSlackEphemeral,
  postSlackMessage,
  SlackApiError,
  type SlackApiOptions,
  updateSlackMessage,
} from "@chat-adapter/slack/api";
import {
  parseSlackWebhookBody,
  type SlackAppMentionPayload,
  type SlackBlockActionsPayload,
  type SlackDirectMessagePayload,
  type SlackUnsupportedPayload,
  type SlackViewSubmissionPayload,
  verifySlackRequest,
} from "@chat-adapter/slack/webhook";
import { z } from "zod";
import { both, check, fields, optional, record, text } from "../../base/checks.ts";
import { limitTime } from "../../base/deadlines.ts";
import { address, checkOptions, nonEmptyName } from "../../base/options.ts";
import { readFormButton, writeFormButton } from "./form-button.ts";
import {
  type ChatMessage,
  type ChatPerson,
  type ChatPlatform,
  type Incoming,
  NotFromPlatform,
  type Place,
  type PostedMessage,
  type Posting,
} from "./platform.ts";
import { blocksOf, escapeMrkdwn, fitsSlack, viewOf, whisperOf } from "./slack-blocks.ts";

export interface SlackOptions {
  /** The signing secret of the app. */
  readonly signingSecret: string;
  /** The bot token of each workspace, by its id: `{ T012AB3CD: "xoxb-…" }`. Any other workspace is refused. */
  readonly teams: Readonly<Record<string, string>>;
  /** Where the Web API is. Default `https://slack.com/api/`. */
  readonly apiUrl?: string | undefined;
  /** How people are known to policies. Default `slack`. */
  readonly name?: string | undefined;
}

const TIMEOUT_MS = 10_000;
/** Slack wants its answer within three seconds; a form is opened before. */
const FORM_TIMEOUT_MS = 2_000;

const OPTIONS = fields({
  signingSecret: text(8),
  teams: both(
    record(text()),
    check((value) => (Object.keys(Object(value)).length > 0 ? undefined : "needs at least one workspace")),
  ),
  apiUrl: optional(address),
  name: optional(nonEmptyName),
});

/**
 * Slack, over the Slack adapter of the Chat SDK: requests of the Events API and of interactivity, both sent to
 * `/channels/<name>`. Scopes: `app_mentions:read`, `chat:write`, `im:history`; and
 * for replies without a mention `channels:history`, `groups:history`. Events: `app_mention`, `message.im`; `message.channels`, `message.groups`.
 * Needs the package `@chat-adapter/slack`. Throws `UsageError` (`invalid_configuration`) for invalid options.
 */
export function slack(options: SlackOptions): ChatPlatform {
  checkOptions("slack", OPTIONS, options);
  const { signingSecret, teams, apiUrl, name = "slack" } = options;

  function api(team: string, signal?: AbortSignal, timeout = TIMEOUT_MS): SlackApiOptions {
    const token = Object.hasOwn(teams, team) ? teams[team] : undefined;
    if (token === undefined) throw new Error(`there is no token for the workspace ${team}`);
    const limited = limitTime(timeout, signal);
    return {
      token,
      ...(apiUrl === undefined ? {} : { apiUrl }),
      fetch: (input, init) => fetch(input, { ...init, signal: limited, redirect: "error" }),
    };
  }

  async function update({ team, channel, id }: PostedMessage, message: ChatMessage): Promise<void> {
    const blocks = blocksOf(message);
    await updateSlackMessage({ ...api(team), channel, ts: id, text: escapeMrkdwn(message.title), blocks });
  }

  /** The message with this key among the latest 200, if the app may read there. */
  async function find(
    { team, channel, thread = "" }: Place,
    { key, since = 0, signal }: Posting,
  ): Promise<PostedMessage | undefined> {
    const oldest = String(Math.floor(since / 1000) - SKEW_S);
    const where = thread === "" ? { channel } : { channel, ts: thread };
    const method = thread === "" ? "conversations.history" : "conversations.replies";
    const query = { ...where, oldest, limit: 200, include_all_metadata: true };
    const found = historySchema.safeParse(
      await callSlackApi(method, query, { ...api(team, signal), contentType: "form" }),
    );
    const ours = (found.data?.messages ?? []).find(
      ({ metadata }) => metadata?.event_type === POSTED && metadata.event_payload.key === key,
    );
    return ours === undefined ? undefined : { team, channel, id: ours.ts };
  }

  /** False for a message that is not the app's own, whatever key it has. */
  async function isUpdated(posted: PostedMessage, message: ChatMessage): Promise<boolean> {
    try {
      await update(posted, message);
      return true;
    } catch (error) {
      if (error instanceof SlackApiError && error.status === undefined) return false;
      throw error;
    }
  }

  return {
    name,
    serves: (team) => Object.hasOwn(teams, team),
    async read(request, now) {
      const headers = request.headers;
      const contentType = headers.get("content-type");
      let body: string;
      try {
        body = await verifySlackRequest(request, { signingSecret, now: () => now });
      } catch (error) {
        throw new NotFromPlatform("the request is not signed by Slack", { cause: error });
      }
      const payload = parseSlackWebhookBody(body, { contentType, headers });
      switch (payload.kind) {
        case "url_verification":
          return { kind: "answer", response: new Response(payload.challenge) };
        case "app_mention":
        case "direct_message":
          return readMessage(payload, teams);
        case "unsupported":
          return readReply(payload, teams);
        case "block_actions":
          return readClick(payload, teams);
        case "view_submission":
          return readForm(payload, teams);
        default:
          return { kind: "ignored", why: `nothing is done about ${payload.kind}` };
      }
    },
    limits: { buttons: 40, fields: 20, fieldText: 2_900, longValues: true },
    fits: fitsSlack,
    async post(place, message, { key, since, signal } = {}) {
      const earlier = since === undefined ? undefined : await find(place, { key, since, signal });
      if (earlier !== undefined && (await isUpdated(earlier, message))) return earlier;
      const { id, channel = place.channel } = await postSlackMessage({
        ...(key === undefined ? {} : { metadata: { event_type: POSTED, event_payload: { key } } }),
        ...api(place.team, signal),
        channel: place.channel,
        ...(place.thread === undefined || place.thread === "" ? {} : { threadTs: place.thread }),
        text: escapeMrkdwn(message.title),
        blocks: blocksOf(message),
        unfurlLinks: false,
        unfurlMedia: false,
      });
      return { team: place.team, channel, id };
    },
    update,
    async openForm({ trigger, ...click }, form) {
      const view = viewOf(form, writeFormButton(click));
      await openSlackView({
        ...api(click.message.team, undefined, FORM_TIMEOUT_MS),
        triggerId: trigger,
        view,
      });
      return new Response(null, { status: 200 });
    },
    answer(to, words, later) {
      if (words === undefined) return new Response(null, { status: 200 });
      if (to.kind === "form") {
        const field = Object.keys(to.fields)[0] ?? "";
        return Response.json({ response_action: "errors", errors: { [field]: words.slice(0, 1_900) } });
      }
      const { team, channel } = to.kind === "click" ? to.message : to.place;
      const said = { text: escapeMrkdwn(words), blocks: whisperOf(words) };
      later(postSlackEphemeral({ ...api(team), channel, user: to.from.user, ...said }));
      return new Response(null, { status: 200 });
    },
  };
}

/** Names the key in the metadata of a message. */
const POSTED = "twelvefold_message";
/** Clocks differ by less, in seconds. */
const SKEW_S = 300;

const historySchema = z.looseObject({
  messages: z
    .array(
      z.looseObject({
        ts: z.string(),
        metadata: z
          .looseObject({
            event_type: z.string(),
            event_payload: z.looseObject({ key: z.string().optional() }),
          })
          .optional()
          .catch(undefined),
      }),
    )
    .optional(),
});

type Teams = SlackOptions["teams"];

/** A workspace where the app is installed. Any workspace could sign with the same secret, if the app is distributed. */
function isKnown(teams: Teams, team: string | undefined): team is string {
  return team !== undefined && Object.hasOwn(teams, team);
}

const UNKNOWN_TEAM: Incoming = { kind: "ignored", why: "the workspace is not one of ours" };

function readMessage(payload: SlackAppMentionPayload | SlackDirectMessagePayload, teams: Teams): Incoming {
  const { raw, userId, channelId, threadTs, ts } = payload;
  const team = payload.teamId;
  if (!isKnown(teams, team)) return UNKNOWN_TEAM;
  if (isByProgram(raw) || userId === undefined) return { kind: "ignored", why: "a program has written it" };
  if (ts === "" || channelId === "" || threadTs === "") return { kind: "ignored", why: "it has no id" };
  // Whoever comes from another workspace, in a shared channel, is somebody of that one.
  const from: ChatPerson = { team: textOf(raw["user_team"]) ?? team, user: userId };
  const place = { team, channel: channelId, thread: threadTs };
  // A mention comes in two events: it is one message.
  const id = `${channelId}:${ts}`;
  return { kind: "message", id, from, place, text: plainText(payload.text), isAddressed: true };
}

const replySchema = z.object({
  team_id: z.string(),
  event: z.looseObject({
    type: z.literal("message"),
    channel: z.string().min(1),
    ts: z.string().min(1),
    thread_ts: z.string().min(1),
    user: z.string().min(1),
    user_team: z.string().optional(),
    text: z.string(),
  }),
});

/** What somebody has written below a message of a channel without a mention. */
function readReply({ raw, type }: SlackUnsupportedPayload, teams: Teams): Incoming {
  const envelope = replySchema.safeParse(raw);
  if (!envelope.success) return { kind: "ignored", why: `nothing is done about ${type}` };
  const { team_id: team, event } = envelope.data;
  if (!isKnown(teams, team)) return UNKNOWN_TEAM;
  if (isByProgram(event)) return { kind: "ignored", why: "a program has written it" };
  return {
    kind: "message",
    id: `${event.channel}:${event.ts}`,
    from: { team: textOf(event.user_team) ?? team, user: event.user },
    place: { team, channel: event.channel, thread: event.thread_ts },
    text: plainText(event.text),
    isAddressed: false,
  };
}

function isByProgram(event: Readonly<Record<string, unknown>>): boolean {
  return (
    event["bot_id"] !== undefined || event["subtype"] !== undefined || event["bot_profile"] !== undefined
  );
}

function readClick(payload: SlackBlockActionsPayload, teams: Teams): Incoming {
  const { teamId: team, channelId: channel, messageTs: id, userId, triggerId: trigger = "" } = payload;
  if (!isKnown(teams, team)) return UNKNOWN_TEAM;
  const [action] = payload.actions;
  if (action?.value === undefined || channel === undefined || id === undefined || userId === "") {
    return { kind: "ignored", why: "it is no button of a message" };
  }
  const from = { team: payload.user?.teamId ?? team, user: userId };
  return {
    kind: "click",
    from,
    message: { team, channel, id },
    action: action.actionId,
    value: action.value,
    trigger,
  };
}

function readForm(payload: SlackViewSubmissionPayload, teams: Teams): Incoming {
  const { teamId: team, userId, user, privateMetadata = "", values = [] } = payload;
  if (!isKnown(teams, team)) return UNKNOWN_TEAM;
  const button = readFormButton(privateMetadata);
  if (userId === "" || button === undefined) return { kind: "ignored", why: "the form is not one of ours" };
  const named = values.map(({ blockId, value = "" }): [string, string] => [blockId, value]);
  return {
    kind: "form",
    from: { team: user?.teamId ?? team, user: userId },
    button,
    fields: Object.fromEntries(named),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The text as it was typed, without the mention that it begins with. */
function plainText(slackText: string): string {
  return slackText
    .replace(/^\s*(?:<@[A-Z0-9]+(?:\|[^>]*)?>\s*)+/, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .toWellFormed()
    .trim();
}
