import { z } from "zod";
import { type VerifiedPrincipal, verifiedBy } from "../../humans/principal.ts";
import { dropDelivery } from "../inbound.ts";
import type { Cards } from "./cards.ts";
import type {
  ChatAnswer,
  ChatClick,
  ChatPerson,
  ChatPlatform,
  ChatText,
  Conversation,
  Later,
} from "./platform.ts";

export interface ChatContext {
  readonly name: string;
  readonly agent: string | undefined;
  readonly platform: ChatPlatform;
  readonly cards: Cards;
  /** Who may write, by `<team>:<user>`; `undefined`: everybody. */
  readonly allow: readonly string[] | undefined;
  readonly now: number;
  readonly conversationMs: number;
  /** May not throw: the people who click must not wait for it. */
  readonly later: Later;
}

export type FromPerson = ChatText | ChatClick | ChatAnswer;

/** What the platform takes as: it is done. */
export function done(incoming: FromPerson, { platform, later }: ChatContext): Response {
  return platform.answer(incoming, undefined, later);
}

/** Tells whoever has sent it why nothing has come of it. */
export function tell(incoming: FromPerson, words: string, { platform, later }: ChatContext): Response {
  return platform.answer(incoming, words, later);
}

/** The same for what can never be used: the server's log says so, too. */
export function refuse(incoming: FromPerson, why: string, words: string, context: ChatContext): Response {
  const { status, body, headers } = tell(incoming, words, context);
  const marked = new Headers(headers);
  for (const [name, value] of dropDelivery(why).headers) if (name.startsWith("x-")) marked.set(name, value);
  return new Response(body, { status, headers: marked });
}

/** `<team>:<user>`, or the user alone where people belong to no team. */
export function idOf({ team, user }: ChatPerson): string {
  return team === "" ? user : `${team}:${user}`;
}

export function personOf({ name }: ChatPlatform, person: ChatPerson): VerifiedPrincipal {
  return verifiedBy(name, idOf(person));
}

const placeSchema = z.object({ team: z.string(), channel: z.string(), thread: z.string() });

export function writePlace({ team, channel, thread }: Conversation): string {
  return JSON.stringify({ team, channel, thread });
}

/** The place that an address of `via` names; `undefined` for one that this channel has not written. */
export function readPlace(address: string): Conversation | undefined {
  const place = placeSchema.safeParse(readLooseJson(address));
  return place.success ? place.data : undefined;
}

export function readLooseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
