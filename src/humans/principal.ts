import { type Check, check } from "../base/checks.ts";
import { UsageError } from "../base/errors.ts";
import type { Principal } from "../thread/events.ts";

declare const verified: unique symbol;

/**
 * A principal whose identity a channel has checked: by a signature, a session, a key, or the terminal's user. Only
 * channels make one, with `verifiedBy`. Everything that acts for a person requires one, so text can never pass for a
 * person.
 */
export type VerifiedPrincipal = Principal & { readonly [verified]: true };

/**
 * Declares a principal verified. Call this in a channel, after the check that proves who the person is, and nowhere else.
 * An id has one spelling: trimmed, in composed form (NFC), and in lower case if the channel ignores case. Throws
 * `UsageError` if the channel or the id is empty, is `*`, or holds invisible characters, and for a channel with a colon, which only
 * webhooks have: `webhook:orders`.
 */
export function verifiedBy(channel: string, id: string, name?: string | undefined): VerifiedPrincipal {
  const spelled = spellId(channel, id);
  const problem = idProblem(channel) ?? idProblem(spelled) ?? keyProblem(channel, spelled);
  if (problem !== undefined) {
    throw new UsageError("invalid_argument", `the identity ${JSON.stringify(`${channel}:${id}`)} ${problem}`);
  }
  const principal: Principal = name === undefined ? { channel, id: spelled } : { channel, id: spelled, name };
  return principal as VerifiedPrincipal;
}

/**
 * The part of a principal that is stored: only who it is. Throws `UsageError` for what no channel can have verified, whatever
 * the type checker was told.
 */
export function identify(principal: Principal): Principal {
  const { channel, id, name }: Partial<Principal> = principal ?? {};
  const isText = [channel, id].every((part) => typeof part === "string" && part !== "");
  if (!isText || channel === undefined || id === undefined) {
    const message = "nobody is named who does this: pass what `verifiedBy` returned in the channel";
    throw new UsageError("invalid_argument", message);
  }
  return name === undefined ? { channel, id } : { channel, id, name };
}

/** Characters that cannot be seen or change what is seen: controls, format characters, fillers, unusual blanks. */
const INVISIBLE = /[\p{C}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\u2800]|[^\P{Zs} ]/u;

function idProblem(text: string): string | undefined {
  if (text === "") return "is not complete: a channel and an id are needed";
  if (text === "*") return "is a pattern, which names many";
  return INVISIBLE.test(text) ? "holds characters that nobody sees" : undefined;
}

/** A key must name one principal: it is clear where its channel ends. */
function keyProblem(channel: string, id: string): string | undefined {
  const key = `${channel}:${id}`;
  return channelOf(key) === channel
    ? undefined
    : `could be taken for ${id} of another channel: a channel has no colon`;
}

/** The channel of a key or pattern: what is before its first colon, or `webhook:` with the webhook's name. */
function channelOf(key: string): string {
  return /^webhook:[^:]*(?=:)/.exec(key)?.[0] ?? key.slice(0, key.indexOf(":"));
}

/** The case of letters makes no difference in mail addresses and in senders of webhooks. */
function ignoresCase(channel: string): boolean {
  return channel === "email" || channel.startsWith("webhook:");
}

function spellId(channel: string, id: string): string {
  const composed = id.trim().normalize("NFC");
  return ignoresCase(channel) ? composed.toLowerCase() : composed;
}

/** A pattern in its one spelling: two that differ only as two spellings of one id do name the same person. */
export function spellPattern(pattern: string): string {
  const channel = channelOf(pattern);
  return `${channel}:${spellId(channel, pattern.slice(channel.length + 1))}`;
}

/** Whether everybody whom a pattern names is named by the first pattern, too. */
export function covers(pattern: string, other: string): boolean {
  const [one, narrower] = [spellPattern(pattern), spellPattern(other)];
  const channel = channelOf(narrower);
  const id = narrower.slice(channel.length + 1);
  if (one === narrower || one === "*:*" || one === `${channel}:*`) return true;
  return id !== "*" && one === `*:${id}`;
}

/** Whether two are the same person on the same channel, however an earlier release spelled the id. */
export function samePrincipal(one: Principal, other: Principal): boolean {
  return one.channel === other.channel && spellId(one.channel, one.id) === spellId(other.channel, other.id);
}

/** `channel:id`, as policies name people. */
export function principalKey(principal: Principal): string {
  return `${principal.channel}:${principal.id}`;
}

/**
 * Whether a pattern names this principal: by its whole key `channel:id`, by `*:id` for any channel, or by `channel:*` for
 * anybody in that channel. Channels and ids may hold colons themselves.
 */
export function matchesPrincipal(pattern: string, { channel, id }: Principal): boolean {
  if (pattern === "*:*" || pattern === `${channel}:*`) return true;
  const spelled = spellId(channel, id);
  const matches = (start: string) =>
    pattern.startsWith(start) && spellId(channel, pattern.slice(start.length)) === spelled;
  return matches(`${channel}:`) || matches("*:");
}

/** A pattern that can name somebody. */
export const PATTERN: Check = check((value) =>
  typeof value === "string" ? patternProblem(value) : "must be a pattern such as web:ada",
);

/** Why a pattern can name nobody, or `undefined` for one that can. */
function patternProblem(pattern: string): string | undefined {
  const shown = JSON.stringify(pattern);
  const colon = pattern.indexOf(":");
  if (colon <= 0 || colon === pattern.length - 1) {
    return `${shown} names nobody: wanted channel:id, *:id or channel:*`;
  }
  if (pattern.trim() !== pattern || INVISIBLE.test(pattern)) {
    return `${shown} holds blanks or characters that nobody sees`;
  }
  const stars = pattern.replace(/^\*(?=:)/, "").replace(/(?<=:)\*$/, "");
  return stars.includes("*")
    ? `${shown} names nobody: a * stands for a whole channel or a whole id`
    : undefined;
}
