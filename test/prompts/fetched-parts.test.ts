import { generateKeyPairSync } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { inspect } from "node:util";
import baml from "@boundaryml/baml";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CallAbortedError, ProviderUnavailableError } from "../../src/prompts/errors.ts";
import { promptFunction } from "../../src/prompts/prompt-function.ts";
import type { ModelClient } from "../../src/prompts/types.ts";
import { b } from "./baml_client/index.ts";
import { type ProviderServer, providerServer } from "./servers/provider-server.ts";
import { googleBodies } from "./servers/wire-bodies.ts";
import { WIRES } from "./servers/wires.ts";

const OK = { text: '{"intent":"done_for_now","message":"hi"}' };
const SECRET = "signature-of-the-address";
const next = promptFunction(b, "NextStep", { bamlFiles: undefined, retry: { attempts: 2, firstDelay: 1 } });
const describePicture = promptFunction(b, "Describe", {
  bamlFiles: undefined,
  retry: { attempts: 2, firstDelay: 1 },
});

/** Gives tokens and pictures, or does not. */
let other: Server;
let otherUrl: string;
let asked: string[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let model: ProviderServer;
let pem: string;
beforeAll(async () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  other = createServer((request, response) => {
    asked.push(request.url ?? "");
    request.resume();
    answer(request, response);
  });
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const address = other.address();
  otherUrl = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  model = await providerServer(googleBodies);
});
afterAll(async () => {
  await model.close();
  other.closeAllConnections();
  await new Promise((resolve) => other.close(resolve));
});
beforeEach(() => {
  asked = [];
});

const down = (_: IncomingMessage, response: ServerResponse) => response.writeHead(500).end("down");
const silent = () => {};
const token = (_: IncomingMessage, response: ServerResponse) =>
  response
    .writeHead(200, { "content-type": "application/json" })
    .end('{"access_token":"tok-123456","expires_in":3600,"token_type":"Bearer"}');

// BAML keeps tokens: each client needs its own address.
let clients = 0;
function vertex(): ModelClient {
  clients += 1;
  return {
    name: "vertex/m",
    provider: "vertex-ai",
    options: {
      model: "m",
      project_id: "p",
      base_url: `${model.url}/v1/projects/p/locations/l/publishers/google/models`,
      credentials_content: JSON.stringify({
        type: "service_account",
        project_id: "p",
        private_key_id: "k",
        private_key: pem,
        client_email: `client-${clients}@example.org`,
        client_id: "1",
        auth_uri: `${otherUrl}/auth`,
        token_uri: `${otherUrl}/token`,
        auth_provider_x509_cert_url: `${otherUrl}/a`,
        client_x509_cert_url: `${otherUrl}/b`,
        universe_domain: "googleapis.com",
      }),
    },
  };
}

describe("Vertex AI, whose token BAML fetches while it builds the request", () => {
  it.each([true, false])("answers, streamed: %s", { tags: "F2.8" }, async (streamed) => {
    answer = token;
    model.will(OK);
    const options = { model: vertex(), ...(streamed ? { onPartial: () => {} } : {}) };
    const { ok, completion } = await next.call(["x"], options);
    expect(ok).toBe(true);
    expect(completion.usage).toEqual({ inputTokens: 11, outputTokens: 7, cachedInputTokens: 3 });
    const sent = model.requests.at(-1);
    expect(sent?.headers.authorization).toBe("Bearer tok-123456");
    expect(sent?.path).toMatch(streamed ? /:streamGenerateContent\?alt=sse$/ : /:generateContent$/);
  });

  it("without a token goes on to the next client, and says why", { tags: "F9.9" }, async () => {
    answer = down;
    model.will(OK);
    const google = WIRES.find(({ name }) => name === "google")?.client(model.url);
    if (google === undefined) throw new Error("no google");
    const choice = { clients: [vertex(), google], strategy: "fallback" } as const;
    const { completion } = await next.call(["x"], { model: choice });
    expect(completion.client).toBe("google/m");
    expect(completion.failedAttempts).toEqual(Array(2).fill("vertex/m: token request failed"));
  });

  it("is unavailable where its token is", { tags: "F9.9" }, async () => {
    answer = down;
    const error = await next.call(["x"], { model: vertex() }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProviderUnavailableError);
    expect(String(error)).toContain("vertex/m gives no answer: token request failed; 2 attempts");
    expect(inspect(error, { depth: 9 })).not.toContain(pem.slice(40, 80));
  });

  it("can be aborted while it waits for a token", { tags: "F6.4" }, async () => {
    answer = silent;
    const controller = new AbortController();
    const call = next.call(["x"], { model: vertex(), signal: controller.signal });
    call.catch(() => {});
    await expect.poll(() => asked.length).toBe(1);
    controller.abort();
    await expect(call).rejects.toBeInstanceOf(CallAbortedError);
  });

  it("waits for a token no longer than for a first token of the answer", { tags: "F9.9" }, async () => {
    answer = silent;
    const timeouts = { firstToken: 40 };
    await expect(next.call(["x"], { model: vertex(), timeouts })).rejects.toThrow(
      "no sign of a token or an image for the request within 40 ms; 2 attempts",
    );
  });
});

describe("pictures that BAML fetches while it builds the request", () => {
  const picture = () => baml.Image.fromUrl(`${otherUrl}/picture.png?X-Amz-Signature=${SECRET}`);
  // A call for a token that nobody waits for any more may still be on its way.
  const asks = () => asked.filter((path) => path.startsWith("/picture"));
  const google = () => WIRES.find(({ name }) => name === "google")?.client(model.url) ?? vertex();

  it("are tried again, and the address in the error holds no signature", { tags: "F9.9" }, async () => {
    answer = down;
    const error = await describePicture.call([picture(), "?"], { model: google() }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ProviderUnavailableError);
    expect(String(error)).toContain("Failed to fetch media: 500");
    expect(inspect(error, { depth: 9 })).not.toContain(SECRET);
    expect(asks()).toHaveLength(2);
  });

  it("that are not there are the caller's mistake", async () => {
    answer = (_, response) => response.writeHead(404).end();
    await expect(describePicture.call([picture(), "?"], { model: google() })).rejects.toMatchObject({
      code: "invalid_configuration",
      message: expect.stringContaining("Failed to fetch media: 404"),
    });
    expect(asks()).toHaveLength(1);
  });
});
