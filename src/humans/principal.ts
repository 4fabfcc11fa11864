import type { Principal } from "../thread/events.ts";

declare const verified: unique symbol;

/**
 * A principal whose identity a channel has checked: a signature, a session, a key, the terminal's user. Only channels
 * make one, with `verifiedBy`; everything that acts for a person asks for one, so text can never pass for a person.
 */
export type VerifiedPrincipal = Principal & { readonly [verified]: true };

/** Call this in a channel, after the check that proves who it is, and nowhere else. */
export function verifiedBy(channel: string, id: string, name?: string | undefined): VerifiedPrincipal {
  const principal: Principal = name === undefined ? { channel, id } : { channel, id, name };
  return principal as VerifiedPrincipal;
}

/** `channel:id`, as policies name people. */
export function principalKey(principal: Principal): string {
  return `${principal.channel}:${principal.id}`;
}

/** Whether a pattern names this principal: `channel:id`, with `*` for any channel or any id. */
export function matchesPrincipal(pattern: string, principal: Principal): boolean {
  const colon = pattern.indexOf(":");
  if (colon < 0) return false;
  const channel = pattern.slice(0, colon);
  const id = pattern.slice(colon + 1);
  return (channel === "*" || channel === principal.channel) && (id === "*" || id === principal.id);
}
