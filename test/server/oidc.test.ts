import { createServer, type Server } from "node:http";
import {
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWTPayload,
  SignJWT,
  UnsecuredJWT,
} from "jose";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { oidcSignIn } from "../../examples/oidc-sign-in.ts";
import { systemClock } from "../../src/base/clock.ts";
import { serverInbox } from "../../src/inbox/server-inbox.ts";
import { createRuntime } from "../../src/runtime/runtime.ts";
import { createServer as createApi } from "../../src/server/app.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { DOOR_IMPORTS, declareGlobals, snippetsOf, use } from "../docs/run-snippets.ts";
import { asUserWrites } from "../docs/shown-code.ts";
import { officeAgent } from "../inbox/office-agent.ts";
import { afterwards } from "./serve.ts";

const AUDIENCE = "agents";
const [signIn, mounting] = snippetsOf("docs/sign-in.md", {
  ...DOOR_IMPORTS,
  jose: "jose",
  zod: "zod",
  "./oidc-sign-in.ts": "examples/oidc-sign-in.ts",
});

interface Issuer {
  readonly url: string;
  /** The keys that it publishes now. */
  readonly keys: { kid: string; key: CryptoKey }[];
  answers: boolean;
  readonly server: Server;
}

/** An OpenID Connect issuer on this machine: its description and its keys. */
async function startIssuer(): Promise<Issuer> {
  const keys: Issuer["keys"] = [];
  const server = createServer(async (request, response) => {
    if (!issuer.answers) return response.writeHead(503).end();
    const body =
      request.url === "/keys"
        ? { keys: await Promise.all(keys.map(async ({ kid, key }) => ({ ...(await exportJWK(key)), kid }))) }
        : { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` };
    return response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const issuer: Issuer = { url: `http://127.0.0.1:${port}`, keys, answers: true, server };
  return issuer;
}

let issuer: Issuer;
let signing: CryptoKey;
let published: CryptoKey;
beforeAll(async () => {
  issuer = await startIssuer();
  const pair = await generateKeyPair("RS256");
  signing = pair.privateKey;
  published = pair.publicKey;
  issuer.keys.push({ kid: "one", key: published });
});
afterAll(() => void issuer.server.close());

interface TokenOptions {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly key?: CryptoKey | Uint8Array;
  readonly alg?: string;
  readonly kid?: string;
}

function claimsWith(claims: NonNullable<TokenOptions["claims"]>): JWTPayload {
  const now = Math.floor(Date.now() / 1000);
  return { iss: issuer.url, aud: AUDIENCE, sub: "ada", name: "Ada", exp: now + 300, ...claims };
}

const token = ({ claims = {}, key = signing, alg = "RS256", kid = "one" }: TokenOptions = {}) =>
  new SignJWT(claimsWith(claims)).setProtectedHeader({ alg, kid }).sign(key);

async function product() {
  const { agent } = officeAgent([{ intent: "done", message: "Done." }]);
  const runtime = createRuntime({ agents: [agent], store: createMemoryStore() });
  const faults: unknown[] = [];
  const { app, streams } = createApi({
    runtime,
    log: { info() {}, warn() {}, error: (fields) => void faults.push(fields) },
    auth: {
      kind: "own",
      signInUrl: "https://example.com/sign-in",
      authenticate: await oidcSignIn({
        issuer: issuer.url,
        audience: AUDIENCE,
        cookie: "product_session",
        scopesOf: ({ role }) => (role === "operator" ? ["read", "respond", "launch"] : ["read"]),
      }),
    },
    ...serverInbox({ runtime, clock: systemClock }),
  });
  afterwards(async () => {
    streams.close();
    await runtime.stop();
  });
  const get = (path: string, headers: Record<string, string>) => app.request(path, { headers });
  const statusOf = async (jwt: string) => (await get("/threads", { authorization: `Bearer ${jwt}` })).status;
  return { app, get, statusOf, faults };
}

describe("the sign-in of examples/oidc-sign-in.ts", { tags: ["S10"] }, () => {
  it("lets a person in with a token of the issuer: API and inbox, with the scopes of their role", async () => {
    const { app, get } = await product();
    const reader = { authorization: `Bearer ${await token()}` };
    expect((await get("/threads", reader)).status).toBe(200);
    const launch = (headers: Record<string, string>) =>
      app.request("/threads", {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify({ agent: "office", message: "go" }),
      });
    expect((await launch(reader)).status).toBe(403);
    const operator = { authorization: `Bearer ${await token({ claims: { role: "operator" } })}` };
    expect((await launch(operator)).status).toBe(201);
    const page = await get("/inbox", { cookie: `product_session=${await token()}`, accept: "text/html" });
    expect(await page.text()).toContain("Ada");
  });

  it("takes a change from a browser's session only with the form's token, and sends strangers to the sign-in", async () => {
    const { app, get } = await product();
    const cookie = `a=b; product_session=${await token({ claims: { role: "operator" } })}`;
    const page = await (await get("/inbox/agents/office", { cookie, accept: "text/html" })).text();
    const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? "";
    const post = (fields: Record<string, string>) =>
      app.request("/inbox/agents/office/launch", {
        method: "POST",
        headers: { cookie },
        body: new URLSearchParams({ message: "go", ...fields }),
      });
    expect((await post({})).status).toBe(403);
    expect((await post({ csrf })).status).toBe(303);
    const stranger = await get("/inbox", { accept: "text/html" });
    expect(stranger.headers.get("location")).toBe("https://example.com/sign-in");
  });

  it("refuses every token that is not the issuer's, for this, and of now", async () => {
    const { statusOf, faults } = await product();
    const past = Math.floor(Date.now() / 1000) - 300;
    const other = await generateKeyPair("RS256");
    const wrong: Readonly<Record<string, string | Promise<string>>> = {
      expired: token({ claims: { exp: past } }),
      "without an end": token({ claims: { exp: undefined } }),
      "not valid yet": token({ claims: { nbf: past + 900 } }),
      "for somebody else": token({ claims: { aud: "another" } }),
      "of another issuer": token({ claims: { iss: "https://elsewhere.example" } }),
      "of nobody": token({ claims: { sub: undefined } }),
      "signed with another key of the same name": token({ key: other.privateKey }),
      "signed with a key that is not published": token({ key: other.privateKey, kid: "two" }),
      "not signed": new UnsecuredJWT(claimsWith({})).encode(),
      "signed with the public key as a secret": token({
        alg: "HS256",
        key: new TextEncoder().encode(await exportSPKI(published)),
      }),
      "changed afterwards": (await token()).replace(
        /\.[^.]+\./,
        `.${btoa('{"sub":"root"}').replaceAll("=", "")}.`,
      ),
      "not a token": "not.a.token",
    };
    for (const [what, jwt] of Object.entries(wrong))
      expect([what, await statusOf(await jwt)]).toEqual([what, 401]);
    expect(faults).toEqual([]);
  });

  it("takes the issuer's next key, and lets nobody in while the issuer cannot be asked", async () => {
    const { statusOf, faults } = await product();
    const next = await generateKeyPair("ES256");
    issuer.keys.push({ kid: "next", key: next.publicKey });
    expect(await statusOf(await token({ key: next.privateKey, alg: "ES256", kid: "next" }))).toBe(200);
    const asked = await product();
    issuer.answers = false;
    expect(await asked.statusOf(await token())).toBe(500);
    issuer.answers = true;
    expect([faults.length, asked.faults.length]).toEqual([0, 1]);
  });

  it("is the code that docs/sign-in.md shows", { tags: "E7" }, () => {
    expect(signIn?.code).toBe(asUserWrites("examples/oidc-sign-in.ts").replace(/^\/\/.*\n/, ""));
  });

  it("lets nobody in without a token, in the app that docs/sign-in.md mounts", { tags: "E7" }, async () => {
    const runtime = createRuntime({ agents: [], store: createMemoryStore() });
    const issuer = "https://login.example.com";
    declareGlobals({
      runtime,
      secret: "a-secret-of-more-than-32-characters-really",
      fetch: async () => Response.json({ issuer, jwks_uri: `${issuer}/keys` }),
    });
    await use(mounting);
    vi.unstubAllGlobals();
    await runtime.stop();
  });
});
