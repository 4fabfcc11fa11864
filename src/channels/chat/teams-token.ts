import { createPublicKey, type JsonWebKey, verify } from "node:crypto";
import { z } from "zod";
import { callPlatform } from "./call-platform.ts";
import { NotFromPlatform } from "./platform.ts";

export interface TokenSource {
  /** Where the Bot Framework says which keys it signs with. */
  readonly openIdUrl: string;
  /** Who may be addressed: the bot's application id. */
  readonly audience: string;
}

const ISSUER = "https://api.botframework.com";
const SKEW_S = 300;
const KEYS_MS = 86_400_000;
/** An unknown key is asked for at most once in this time. */
const RETRY_MS = 60_000;

const headSchema = z.looseObject({ alg: z.literal("RS256"), kid: z.string() });
const claimsSchema = z.looseObject({
  iss: z.literal(ISSUER),
  aud: z.string(),
  exp: z.number(),
  nbf: z.number(),
  serviceurl: z.string(),
});
const keySchema = z.looseObject({
  kid: z.string(),
  kty: z.literal("RSA"),
  n: z.string(),
  e: z.string(),
  endorsements: z.array(z.string()).default([]),
});
const keysSchema = z.looseObject({ keys: z.array(z.unknown()) });
const metadataSchema = z.looseObject({ issuer: z.literal(ISSUER), jwks_uri: z.url() });

type Key = z.infer<typeof keySchema>;

/** Checks the tokens with which the Bot Framework proves that it has sent something for Teams. */
export function createTokenCheck({ openIdUrl, audience }: TokenSource) {
  let known: { readonly at: number; readonly keys: readonly Key[] } | undefined;

  async function fetchKeys(now: number): Promise<readonly Key[]> {
    const get = (url: string) => callPlatform("the Bot Framework's keys", new URL(url), { method: "GET" });
    const { jwks_uri } = metadataSchema.parse(await get(openIdUrl));
    const { keys } = keysSchema.parse(await get(jwks_uri));
    const read = keys.flatMap((key) => keySchema.safeParse(key).data ?? []);
    known = { at: now, keys: read };
    return read;
  }

  async function keyOf(kid: string, now: number): Promise<Key | undefined> {
    const find = (keys: readonly Key[]) => keys.find((key) => key.kid === kid);
    const found = known === undefined || now - known.at > KEYS_MS ? undefined : find(known.keys);
    if (found !== undefined) return found;
    return known !== undefined && now - known.at < RETRY_MS ? undefined : find(await fetchKeys(now));
  }

  /** The address that the token is for. Throws `NotFromPlatform` for a token that the Bot Framework has not made for Teams and us now. */
  return async (authorization: string | null, now: number): Promise<string> => {
    const [, head = "", claims = "", signature = ""] =
      /^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(authorization ?? "") ?? [];
    const { data: header } = headSchema.safeParse(decode(head));
    if (header === undefined) throw new NotFromPlatform("there is no token of the Bot Framework");
    const key = await keyOf(header.kid, now);
    if (key === undefined || !isSignedBy(key, `${head}.${claims}`, signature)) {
      throw new NotFromPlatform("the token is not signed by the Bot Framework for Teams");
    }
    const { data: said } = claimsSchema.safeParse(decode(claims));
    const seconds = now / 1000;
    const isForUs = said !== undefined && said.aud === audience;
    if (!isForUs || said.exp < seconds - SKEW_S || said.nbf > seconds + SKEW_S) {
      throw new NotFromPlatform("the token is for somebody else, or for another time");
    }
    return said.serviceurl;
  };
}

function isSignedBy({ kty, n, e, endorsements }: Key, signed: string, signature: string): boolean {
  if (!endorsements.includes("msteams")) return false;
  const jwk: JsonWebKey = { kty, n, e };
  const key = createPublicKey({ key: jwk, format: "jwk" });
  return verify("RSA-SHA256", Buffer.from(signed), key, Buffer.from(signature, "base64url"));
}

function decode(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString());
  } catch {
    return undefined;
  }
}
