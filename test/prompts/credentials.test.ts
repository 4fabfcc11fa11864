import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { MissingCredentialsError, ProviderRejectedError } from "../../src/prompts/errors.ts";
import { redactText, redactUrl, secretsOf } from "../../src/prompts/http/redact.ts";
import { optionSecrets } from "../../src/prompts/models/option-secrets.ts";
import { promptFunction } from "../../src/prompts/prompt-function.ts";
import type { ModelClient } from "../../src/prompts/types.ts";
import { b } from "./baml_client/index.ts";
import { type ProviderServer, providerServer } from "./servers/provider-server.ts";
import { openaiChatBodies } from "./servers/wire-bodies.ts";
import { WIRES } from "./servers/wires.ts";

const OK = { text: '{"intent":"done_for_now","message":"hi"}' };
const next = promptFunction(b, "NextStep", { bamlFiles: undefined, retry: { attempts: 1 } });

let server: ProviderServer;
beforeAll(async () => {
  server = await providerServer(openaiChatBodies);
});
afterAll(() => server.close());
afterEach(() => {
  delete process.env["OPENAI_API_KEY"];
});

function tenant(key: string | undefined): ModelClient {
  const options = { model: "m", base_url: `${server.url}/v1` };
  return {
    name: `tenant ${key}`,
    provider: "openai-generic",
    options: key === undefined ? options : { ...options, api_key: key },
  };
}

async function keySentFor(client: ModelClient): Promise<string | undefined> {
  server.will(OK);
  await next.call(["x"], { model: client });
  return server.requests.at(-1)?.headers.authorization;
}

describe("credentials", { tags: "S3" }, () => {
  it("are those of the call and never those of another, whatever came before", async () => {
    const [first, second, none] = [tenant("key-of-first"), tenant("key-of-second"), tenant(undefined)];
    const sent: (string | undefined)[] = [];
    for (const client of [first, second, none, first, none, second, second])
      sent.push(await keySentFor(client));
    const [one, two] = ["Bearer key-of-first", "Bearer key-of-second"];
    expect(sent).toEqual([one, two, undefined, one, undefined, two, two]);
  });

  it("are not mixed up between calls at the same time", async () => {
    const clients = Array.from({ length: 20 }, (_, index) => tenant(`key-number-${index}`));
    const before = server.requests.length;
    server.will(...clients.map(() => OK));
    await Promise.all(clients.map((model, index) => next.call([`thread-of-${index}.`], { model })));
    for (const { headers, text } of server.requests.slice(before)) {
      const index = /thread-of-(\d+)\./.exec(text)?.[1];
      expect(headers.authorization).toBe(`Bearer key-number-${index}`);
    }
  });

  it("are never taken from the environment by a client without its own", async () => {
    process.env["OPENAI_API_KEY"] = "key-of-the-environment";
    expect(await keySentFor(tenant(undefined))).toBeUndefined();
    const client: ModelClient = {
      name: "openai/m",
      provider: "openai",
      options: { model: "m", base_url: server.url },
    };
    const before = server.requests.length;
    await expect(next.call(["x"], { model: client })).rejects.toBeInstanceOf(MissingCredentialsError);
    await expect(
      next.call(["x"], { model: { ...client, options: { ...client.options, api_key: "" } } }),
    ).rejects.toThrow("the model client openai/m has no options.api_key");
    expect(server.requests.length).toBe(before);
  });

  it("are in no error, event, log or printed request", async () => {
    for (const wire of WIRES.filter(({ auth }) => auth !== undefined)) {
      const key = "sk-very-secret-key-0123456789";
      const client = wire.client(server.url, key);
      const request = await next.request(["x"], { model: client });
      server.will({ status: 401, body: { error: { message: `Incorrect API key provided: ${key}.` } } });
      const error = await next.call(["x"], { model: client }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ProviderRejectedError);
      expect(String(error)).toContain("[redacted]");
      const everything = [request, error].flatMap((value) => [
        JSON.stringify(value),
        inspect(value, { depth: 9 }),
        String(value),
      ]);
      for (const text of everything) expect(text, wire.name).not.toContain(key);
      expect(Object.values(request.headers).join()).toContain(key);
      expect(Object.values(request.redactedHeaders)).toContain("[redacted]");
    }
  });

  it.each<[string, object]>([
    ["a header of a gateway", { headers: { "helicone-auth": "Bearer sk-very-secret-key-0123456789" } }],
    ["a header without a telling name", { headers: { "x-gateway": "Bearer sk-very-secret-key-0123456789" } }],
    ["a query parameter", { query_params: { key: "sk-very-secret-key-0123456789" } }],
  ])("are in no error and no printed request when they come in %s", async (_, options) => {
    const key = "sk-very-secret-key-0123456789";
    const model = { ...tenant(undefined), options: { ...tenant(undefined).options, ...options } };
    const request = await next.request(["x"], { model });
    for (const body of [{ error: { message: `bad: ${key}` } }, `<p>${key}</p>`]) {
      server.will({ status: 400, body });
      const error = await next.call(["x"], { model }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ProviderRejectedError);
      for (const value of [error, request]) {
        expect(inspect(value, { depth: 9, showHidden: true })).not.toContain(key);
        expect(JSON.stringify(value)).not.toContain(key);
      }
    }
    const sent = server.requests.at(-1);
    expect(JSON.stringify([sent?.path, sent?.headers])).toContain(key);
  });

  it("are in no error about a client that cannot be built", async () => {
    const client: ModelClient = {
      name: "broken/m",
      provider: "openai",
      options: { model: "m", api_key: "sk-secret-of-broken", base_url: 5, sk_key: "sk-secret-of-broken" },
    };
    const error = await next.call(["x"], { model: client }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "invalid_configuration" });
    expect(inspect(error)).not.toContain("sk-secret-of-broken");
    expect(String(error)).not.toContain("Stack backtrace");
  });

  it("are known wherever a client's options hold them", () => {
    const options = {
      api_key: "key-of-client",
      temperature: 0,
      headers: { "helicone-auth": "Bearer key-of-gateway", "x-title": "no secret" },
      query_params: { key: "key-in-query" },
    };
    const secrets = optionSecrets({ name: "c", provider: "openai-generic", options });
    expect(redactText("key-of-client key-of-gateway key-in-query no secret", secrets)).toBe(
      "[redacted] [redacted] [redacted] no secret",
    );
  });

  it("in a URL are redacted where it is printed", () => {
    const url = "https://user:pass-word@host.example/v1?api_key=secret-1&api-version=3";
    expect(redactUrl(url)).toBe("https://host.example/v1?api_key=%5Bredacted%5D&api-version=3");
    expect(redactUrl("nonsense secret-1")).toBe("[not a URL]");
    expect(redactText("pass-word and secret-1", secretsOf(url, {}))).toBe("[redacted] and [redacted]");
  });
});
