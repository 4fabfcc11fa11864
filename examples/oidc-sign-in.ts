// Your product's own sign-in for API, streams and inbox: tokens of an OpenID Connect issuer, verified with jose.
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from "jose";
import { z } from "zod";
import type { Caller, Scope } from "../src/server/index.ts";

export interface OidcOptions {
  /** The issuer's address, exactly as its tokens say it in `iss`. */
  readonly issuer: string;
  /** What the tokens must be for: `aud`. */
  readonly audience: string;
  /** The cookie in which your product keeps the token of a browser's session. Default: tokens come as `Authorization: Bearer` only. */
  readonly cookie?: string;
  /** What the person of a token may do. Called with claims that are verified. */
  readonly scopesOf: (claims: JWTPayload) => readonly Scope[];
}

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });

/** What is wrong with a token, in contrast to what is wrong with the issuer or the network. */
const REFUSED =
  /^ERR_(?:JWT|JWS|JOSE_ALG_NOT_ALLOWED|JOSE_NOT_SUPPORTED|JWKS_NO_MATCHING_KEY|JWKS_MULTIPLE_MATCHING_KEYS)/;

/** Asks the issuer for its keys' address, and returns what `auth: { kind: "own", authenticate }` takes. */
export async function oidcSignIn({ issuer, audience, cookie, scopesOf }: OidcOptions) {
  const answer = await fetch(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  const found = discovery.parse(await answer.json());
  if (found.issuer !== issuer) throw new Error(`${issuer} calls itself ${found.issuer}`);
  // Fetched when first needed, kept, and fetched again for a key that is not known.
  const keys = createRemoteJWKSet(new URL(found.jwks_uri));

  return async function authenticate(request: Request): Promise<Caller | undefined> {
    const token = bearerOf(request) ?? cookieOf(request, cookie);
    if (token === undefined) return undefined;
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience,
        // Never what the token itself says: `none`, or a secret that everybody knows.
        algorithms: ["RS256", "PS256", "ES256", "EdDSA"],
        requiredClaims: ["exp", "sub"],
      });
      const name = typeof payload["name"] === "string" ? payload["name"] : undefined;
      return { principal: { id: payload.sub ?? "", name }, scopes: scopesOf(payload) };
    } catch (error) {
      // Nobody is let in either way, but only the second is a fault: 401 and 500.
      if (error instanceof errors.JOSEError && REFUSED.test(error.code)) return undefined;
      throw error;
    }
  };
}

function bearerOf(request: Request): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
}

function cookieOf(request: Request, name: string | undefined): string | undefined {
  const cookies = (request.headers.get("cookie") ?? "").split(/; */);
  return name === undefined
    ? undefined
    : cookies.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
}
