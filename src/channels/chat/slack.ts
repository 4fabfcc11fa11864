import {
  openSlackView,
  postSlackEphemeral,
  postSlackMessage,
  type SlackApiOptions,
  updateSlackMessage,
} from "@chat-adapter/slack/api";
import {
  parseSlackWebhookBody,
  type SlackAppMentionPayload,
  type SlackBlockActionsPayload,
  type SlackDirectMessagePayload,
  type SlackViewSubmissionPayload,
  verifySlackRequest,
} from "@chat-adapter/slack/webhook";
import { both, check, fields, optional, record, text } from "../../base/checks.ts";
import { address, checkOptions, nonEmptyName } from "../../base/options.ts";
import { type ChatPerson, type ChatPlatform, type Incoming, NotFromPlatform } from "./platform.ts";
import { blocksOf, escapeMrkdwn, fitsSlack, viewOf } from "./slack-blocks.ts";

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
 * `/channels/<name>`. Scopes: `app_mentions:read`, `chat:write`, `im:history`. Events: `app_mention`, `message.im`.
 * Needs the package `@chat-adapter/slack`. Throws `UsageError` (`invalid_configuration`) for invalid options.
 */
export function slack(options: SlackOptions): ChatPlatform {
  checkOptions("slack", OPTIONS, options);
  const { signingSecret, teams, apiUrl, name = "slack" } = options;

  function api(team: string, signal?: AbortSignal, timeout = TIMEOUT_MS): SlackApiOptions {
    const token = Object.hasOwn(teams, team) ? teams[team] : undefined;
    if (token === undefined) throw new Error(`there is no token for the workspace ${team}`);
    const signals = [AbortSignal.timeout(timeout), ...(signal === undefined ? [] : [signal])];
    return {
      token,
      ...(apiUrl === undefined ? {} : { apiUrl }),
      fetch: (input, init) => fetch(input, { ...init, signal: AbortSignal.any(signals), redirect: "error" }),
    };
  }

  return {
    name,
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
        case "block_actions":
          return readClick(payload, teams);
        case "view_submission":
          return readForm(payload, teams);
        default:
          return { kind: "ignored", why: `nothing is done about ${payload.kind}` };
      }
    },
    fit: (message) => (fitsSlack(message) ? message : undefined),
    async post(place, message, signal) {
      const { id, channel = place.channel } = await postSlackMessage({
        ...api(place.team, signal),
        channel: place.channel,
        ...(place.thread === undefined ? {} : { threadTs: place.thread }),
        text: escapeMrkdwn(message.title),
        blocks: blocksOf(message),
        unfurlLinks: false,
        unfurlMedia: false,
      });
      return { team: place.team, channel, id };
    },
    async update({ team, channel, id }, message) {
      const blocks = blocksOf(message);
      await updateSlackMessage({ ...api(team), channel, ts: id, text: escapeMrkdwn(message.title), blocks });
    },
    async whisper({ user }, { team, channel }, words) {
      await postSlackEphemeral({ ...api(team), channel, user, text: escapeMrkdwn(words) });
    },
    async openForm(trigger, team, form) {
      await openSlackView({
        ...api(team, undefined, FORM_TIMEOUT_MS),
        triggerId: trigger,
        view: viewOf(form),
      });
    },
    formProblem: (field, problem) =>
      Response.json({ response_action: "errors", errors: { [field]: problem.slice(0, 1_900) } }),
  };
}

type Teams = SlackOptions["teams"];

/** A workspace where the app is installed. Any workspace could sign with the same secret, if the app is distributed. */
function isKnown(teams: Teams, team: string | undefined): team is string {
  return team !== undefined && Object.hasOwn(teams, team);
}

const UNKNOWN_TEAM: Incoming = { kind: "ignored", why: "the workspace is not one of ours" };

function readMessage(payload: SlackAppMentionPayload | SlackDirectMessagePayload, teams: Teams): Incoming {
  const { raw, userId, channelId, threadTs, eventId } = payload;
  const team = payload.teamId;
  if (!isKnown(teams, team)) return UNKNOWN_TEAM;
  const isBot =
    raw["bot_id"] !== undefined || raw["subtype"] !== undefined || raw["bot_profile"] !== undefined;
  if (isBot || userId === undefined) return { kind: "ignored", why: "a program has written it" };
  if (eventId === undefined || channelId === "" || threadTs === "")
    return { kind: "ignored", why: "it has no id" };
  // Whoever comes from another workspace, in a shared channel, is somebody of that one.
  const from: ChatPerson = { team: textOf(raw["user_team"]) ?? team, user: userId };
  const place = { team, channel: channelId, thread: threadTs };
  return { kind: "message", id: eventId, from, place, text: plainText(payload.text) };
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
  const { teamId: team, userId, user, privateMetadata: meta = "", values = [] } = payload;
  if (!isKnown(teams, team)) return UNKNOWN_TEAM;
  if (userId === "") return { kind: "ignored", why: "nobody has sent it" };
  const named = values.map(({ blockId, value = "" }): [string, string] => [blockId, value]);
  return {
    kind: "form",
    from: { team: user?.teamId ?? team, user: userId },
    meta,
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
