import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signForAws } from "../../src/prompts/http/aws-signature.ts";
import { promptFunction } from "../../src/prompts/prompt-function.ts";
import type { ModelClient } from "../../src/prompts/types.ts";
import { b } from "./baml_client/index.ts";
import { type Behaviour, type ProviderServer, providerServer } from "./servers/provider-server.ts";
import { bedrockBodies } from "./servers/wire-bodies.ts";

const CREDENTIALS = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  region: "us-east-1",
};
const TIME = Date.UTC(2015, 7, 30, 12, 36, 0);

function signatureOf(
  method: string,
  url: string,
  body = "",
  headers: Record<string, string> = {},
  more = {},
): string {
  const signed = signForAws({ method, url, headers, body }, { ...CREDENTIALS, ...more }, "service", TIME);
  return /Signature=(\w+)$/.exec(signed.headers["authorization"] ?? "")?.[1] ?? "";
}

// From AWS's published Signature Version 4 test suite.
describe("AWS Signature Version 4", () => {
  it("agrees with get-vanilla", () => {
    expect(signatureOf("GET", "https://example.amazonaws.com/")).toBe(
      "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    );
  });

  it("agrees with get-vanilla-query-order-key-case", () => {
    expect(signatureOf("GET", "https://example.amazonaws.com/?Param2=value2&Param1=value1")).toBe(
      "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    );
  });

  it("agrees with post-vanilla", () => {
    expect(signatureOf("POST", "https://example.amazonaws.com/")).toBe(
      "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
    );
  });

  it("agrees with post-x-www-form-urlencoded", () => {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    expect(signatureOf("POST", "https://example.amazonaws.com/", "Param1=value1", headers)).toBe(
      "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
    );
  });
});

describe("Bedrock with the credentials of the environment, through the generated call", () => {
  let server: ProviderServer;
  let client: ModelClient;
  const next = promptFunction(b, "NextStep", {
    bamlFiles: undefined,
    random: () => 0,
    retry: { firstDelay: 1 },
  });
  beforeAll(async () => {
    process.env["AWS_ACCESS_KEY_ID"] = "AKIDOFENVIRONMENT";
    process.env["AWS_SECRET_ACCESS_KEY"] = "secret-of-environment";
    server = await providerServer(bedrockBodies);
    client = {
      name: "bedrock/m",
      provider: "aws-bedrock",
      options: { model: "m", region: "eu-west-1", endpoint_url: server.url },
    };
  });
  afterAll(async () => {
    delete process.env["AWS_ACCESS_KEY_ID"];
    delete process.env["AWS_SECRET_ACCESS_KEY"];
    await server.close();
  });

  it("answers, guarded and gated like any other", { tags: "F2.8" }, async () => {
    server.will({ text: '{"intent":"refund","order_id":"A1","amount":2.5}' });
    const answer = await next.call(["x"], { model: client });
    expect(answer).toMatchObject({
      ok: true,
      value: { amount: 3 },
      fidelity: { grade: "doubtful", reasons: ["coerced_value"] },
      completion: {
        client: "bedrock/m",
        usage: { outputTokens: 7 },
        requestDigest: expect.stringMatching(/^\w{64}$/),
      },
    });
    expect(server.requests.at(-1)?.headers.authorization).toContain("Credential=AKIDOFENVIRONMENT/");
  });

  it("refuses what does not fit, with the completion", { tags: "F9.8" }, async () => {
    server.will({ text: "nope" });
    expect(await next.call(["x"], { model: client })).toMatchObject({
      ok: false,
      reason: "no_match",
      completion: { raw: "nope" },
    });
  });

  it("refuses what was cut off", { tags: "S4" }, async () => {
    server.will({ text: '{"intent":"done_for_now","message":"hi"}', finish: "length" });
    expect(await next.call(["x"], { model: client })).toMatchObject({ ok: false, reason: "cut_off" });
  });

  it("knows what a filter stopped, what was broken off, and what nobody knows", { tags: "S4" }, async () => {
    const text = '{"intent":"done_for_now","message":"hi"}';
    const ending = (reason: string): Behaviour => ({
      bytes: Buffer.from(JSON.stringify({ ...bedrockBodies.whole({ text }), stopReason: reason })),
    });
    server.will({ text, finish: "filtered" });
    expect(await next.call(["x"], { model: client })).toMatchObject({ reason: "content_filtered" });
    server.will(ending("malformed_model_output"), { text });
    const again = await next.call(["x"], { model: client, retry: { attempts: 2, firstDelay: 0 } });
    expect(again).toMatchObject({ ok: true, fidelity: { grade: "exact" } });
    expect(again.completion.failedAttempts?.[0]).toContain("broke off the answer");
    server.will(ending("tool_use"));
    expect(await next.call(["x"], { model: client })).toMatchObject({
      fidelity: { grade: "doubtful", reasons: ["unknown_finish"] },
    });
  });

  it("takes 4xx as final and says the provider's words", { tags: "F9.9" }, async () => {
    server.will({ status: 403, body: { message: "no access for you" } });
    await expect(next.call(["x"], { model: client })).rejects.toMatchObject({
      code: "provider_rejected",
      status: 403,
      message: expect.stringContaining("no access for you"),
    });
  });

  it("can be aborted", { tags: "F6.4" }, async () => {
    server.will({ hang: "head" });
    const controller = new AbortController();
    const before = server.requests.length;
    const call = next.call(["x"], { model: client, signal: controller.signal });
    await expect.poll(() => server.requests.length).toBe(before + 1);
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: "aborted" });
  });

  it("ends a wait that takes too long", async () => {
    server.will({ hang: "head" });
    const impatient = { model: client, retry: { attempts: 1 }, timeouts: { total: 50 } };
    await expect(next.call(["x"], impatient)).rejects.toMatchObject({
      code: "provider_unavailable",
      message: expect.stringContaining("no sign of the whole answer within 50 ms"),
    });
  });
});
