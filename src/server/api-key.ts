import { randomBytes, timingSafeEqual } from "node:crypto";
import { both, type Check, check, distinct, fields, list, oneOf, optional, text } from "../base/checks.ts";
import { sha256 } from "../base/digest.ts";
import { nonEmptyName } from "../base/options.ts";
import { SCOPES, type Scope } from "./scopes.ts";

/** An API key as it is configured: its digest, never the key itself. */
export interface ApiKey {
  /** Names the key in logs. */
  readonly id: string;
  /** `digestOfKey(key)`: 64 hex digits. */
  readonly digest: string;
  readonly scopes: readonly Scope[];
  /** The person or program that uses it. Policies name it `web:<id>`, for the API and the inbox alike. */
  readonly principal: { readonly id: string; readonly name?: string | undefined };
}

export const PRINCIPAL: Check = fields({ id: nonEmptyName, name: optional(text()) });

const digest = check((value) =>
  typeof value === "string" && /^[0-9a-f]{64}$/.test(value)
    ? undefined
    : "must be the SHA-256 of the key, 64 hex digits: `npx twelvefold key` prints it",
);

/** Configured keys, all with different ids. */
export const API_KEYS: Check = both(
  list(fields({ id: nonEmptyName, digest, scopes: list(oneOf(SCOPES), 1), principal: PRINCIPAL })),
  distinct("id"),
);

/** A new key with 256 bits of randomness. Show it once; configure its digest. */
export function newApiKey(): { readonly key: string; readonly digest: string } {
  const key = `tf_${randomBytes(32).toString("base64url")}`;
  return { key, digest: digestOfKey(key) };
}

/** The digest that is stored of a key or token. They are random, so a plain SHA-256 cannot be reversed by guessing. */
export function digestOfKey(key: string): string {
  return sha256(key);
}

/** The configured key that this text is, if any. Takes the same time wherever the text differs. */
export function findKey(keys: readonly ApiKey[], presented: string): ApiKey | undefined {
  const digest = digestOfKey(presented);
  let found: ApiKey | undefined;
  for (const key of keys) if (sameText(key.digest, digest)) found = key;
  return found;
}

/** Compares in a time that does not depend on where the texts differ. */
export function sameText(one: string, other: string): boolean {
  const a = Buffer.from(one);
  const b = Buffer.from(other);
  return a.length === b.length && timingSafeEqual(a, b);
}
