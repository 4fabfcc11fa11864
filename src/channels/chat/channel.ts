import { check, fields, list, numberFrom, optional, text } from "../../base/checks.ts";
import { type Clock, systemClock } from "../../base/clock.ts";
import { UsageError } from "../../base/errors.ts";
import { atOnce, callQuietly } from "../../base/hooks.ts";
import { callback, checkOptions, nonEmptyName, objectWith } from "../../base/options.ts";
import type { ChannelValues, NewsNotice, RequestNotice } from "../../humans/channel.ts";
import { type HumanRequest, pendingRequest, requestTold } from "../../humans/request.ts";
import { describeClosed, describeNews } from "../../present/describe-request.ts";
import type { InboundChannel } from "../inbound.ts";
import { createCards } from "./cards.ts";
import { readPlace } from "./context.ts";
import { messagesOf } from "./news-messages.ts";
import { type ChatPlatform, NotFromPlatform, type Place } from "./platform.ts";
import { closedMessage, requestMessage } from "./request-message.ts";
import { takeIncoming } from "./take-chat.ts";

export interface ChatChannelOptions {
  /** The platform, such as `slack({ … })`. */
  readonly platform: ChatPlatform;
  /** The channel's name among the channels of the runtime. Default: that of the platform. */
  readonly name?: string | undefined;
  /** The agent that is written to. Default: none; what people write starts nothing. */
  readonly agent?: string | undefined;
  /**
   * Where requests are posted that are not for whoever began a conversation here: approvals, and what is put to people of this
   * platform. Default: in the conversation that they are about.
   */
  readonly requestsIn?: (Omit<Place, "team"> & { readonly team?: string | undefined }) | undefined;
  /**
   * Who may write: `T012AB3CD:U061F7AUR`, or `*` and the end of such an id; only the id where people belong to no team. Default:
   * everybody on the platform who can. It says nothing about who may decide.
   */
  readonly allow?: readonly string[] | undefined;
  /** How long, in hours, what is written where there are no threads of replies belongs to one conversation. Default 24. */
  readonly conversationHours?: number | undefined;
  /**
   * The address of a page where a request can be looked at. Called each time a message about the
   * request is made. If it throws, the message is not sent and is tried again later. Default: none.
   */
  readonly link?: ((request: HumanRequest) => string) | undefined;
  /** Told what could not be said to somebody who clicked. Default: nothing happens. May not throw. */
  readonly onProblem?: ((error: unknown) => void) | undefined;
  readonly clock?: Clock | undefined;
}

const HOUR_MS = 3_600_000;

const OPTIONS = fields({
  platform: objectWith("serves", "read", "fits", "post", "update", "answer", "openForm"),
  name: optional(
    check((value) => (/^[a-z0-9_-]{1,64}$/.test(String(value)) ? undefined : "has letters, digits, _ and -")),
  ),
  agent: optional(nonEmptyName),
  requestsIn: optional(fields({ team: optional(text()), channel: text(), thread: optional(text()) })),
  allow: optional(list(text())),
  conversationHours: optional(numberFrom(0.1, 8760)),
  link: optional(callback),
  onProblem: optional(callback),
  clock: optional(objectWith("now", "sleep")),
});

/**
 * A channel to people on a chat platform. A mention or a direct message starts a thread, or goes on with that of its
 * conversation; progress and the answer come back there. Requests are cards with buttons and forms, brought up to date when
 * they are closed. Throws `UsageError` (`invalid_configuration`) for invalid options.
 *
 * @example
 * const chat = chatChannel({ platform: slack({ signingSecret, teams: { T012AB3CD: token } }), agent: "support" });
 */
export function chatChannel(options: ChatChannelOptions): InboundChannel {
  checkOptions("chatChannel", OPTIONS, options);
  const { platform, clock = systemClock, conversationHours = 24, onProblem = () => {} } = options;
  checkPlace(options);
  const name = options.name ?? platform.name;
  const cards = createCards(name);

  function placeOf({ thread }: RequestNotice, { kind, to }: HumanRequest): Place | undefined {
    const { via } = thread.state;
    const here = via?.channel === name ? readPlace(via.address) : undefined;
    const isForAsker = kind === "question" && to === null;
    if (isForAsker) return here;
    const isForUs =
      to === null || to.some((one) => one.startsWith(`${platform.name}:`) || one.startsWith("*:"));
    if (!isForUs) return undefined;
    const { requestsIn } = options;
    return requestsIn === undefined ? here : { ...requestsIn, team: requestsIn.team ?? "" };
  }

  async function postRequest(
    notice: RequestNotice,
    values: ChannelValues,
    signal: AbortSignal,
  ): Promise<void> {
    const request = pendingOf(notice);
    const place = request === undefined ? undefined : placeOf(notice, request);
    if (request === undefined || place === undefined) return;
    const posted = await cards.read(request.id, values);
    if (posted.some((card) => card.notice === notice.id)) return;
    const message = requestMessage(request, platform, linkTo(request), notice.people);
    if (!platform.limits.longValues) await cards.noteValue(request, values);
    const since = notice.mayBeRepeated ? Date.parse(request.askedAt) : undefined;
    if (since !== undefined) await cards.expectStrays(request.id, values, notice.threadId);
    const how = { key: notice.id, since, signal };
    const card = { ...(await platform.post(place, message, how)), notice: notice.id };
    await cards.add(request.id, card, { values, about: notice.threadId });
  }

  const linkTo = (request: HumanRequest) => atOnce("`link`", options.link?.(request));

  async function postNews(notice: NewsNotice, values: ChannelValues, signal: AbortSignal): Promise<void> {
    const place = readPlace(notice.address);
    if (place === undefined) throw new Error("the thread's address is none of this channel");
    const messages = messagesOf(TITLES[notice.kind], describeNews(notice), platform.fits);
    for (const [index, message] of messages.entries()) {
      const key = `chat:${name}:sent:${notice.id}${index === 0 ? "" : `:${index}`}`;
      if ((await values.getValue(key)) !== undefined) continue;
      const since = notice.mayBeRepeated ? Date.parse(happenedAt(notice)) : undefined;
      await platform.post(place, message, { key: `${notice.id}.${index}`, since, signal });
      await values.setValue(key, "1", undefined, { about: notice.threadId });
    }
  }

  return {
    name,
    wants(notice) {
      if (notice.kind !== "request") return true;
      const request = pendingOf(notice);
      return request !== undefined && placeOf(notice, request) !== undefined;
    },
    deliver: (notice, signal, values) =>
      notice.kind === "request" ? postRequest(notice, values, signal) : postNews(notice, values, signal),
    async update(notice, values) {
      const request = requestTold(notice);
      if (request === null) return;
      const message =
        notice.kind === "closed"
          ? closedMessage(request, platform, describeClosed(notice), notice.people)
          : requestMessage(request, platform, linkTo(request), notice.people);
      for (const card of await cards.read(notice.requestId, values)) await platform.update(card, message);
    },
    async receive(request, runtime) {
      try {
        const incoming = await platform.read(request, clock.now());
        return await takeIncoming(incoming, runtime, {
          name,
          agent: options.agent,
          platform,
          cards,
          allow: options.allow,
          now: clock.now(),
          conversationMs: conversationHours * HOUR_MS,
          later: (work) => void work.catch((error: unknown) => callQuietly(() => onProblem(error))),
        });
      } catch (error) {
        if (!(error instanceof NotFromPlatform)) throw error;
        return new Response(error.message, { status: 401 });
      }
    },
  };
}

/** A card in a workspace that is not served could be posted, and never decided on. */
function checkPlace({ platform, requestsIn }: ChatChannelOptions): void {
  if (requestsIn === undefined || platform.serves(requestsIn.team ?? "")) return;
  const problem = requestsIn.team === undefined ? "is missing" : "is none that the platform serves";
  throw new UsageError("invalid_configuration", `chatChannel: requestsIn.team ${problem}`);
}

const TITLES: { readonly [K in NewsNotice["kind"]]: string } = {
  progress: "Progress",
  finished: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
};

function happenedAt({ thread, seq }: NewsNotice): string {
  return thread.events[seq - 1]?.at ?? thread.state.startedAt;
}

function pendingOf({ thread, requestId }: RequestNotice): HumanRequest | undefined {
  const request = pendingRequest(thread);
  return request?.id === requestId ? request : undefined;
}
