import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/base/errors.ts";
import { patienceOf } from "../../src/prompts/call/patience.ts";
import { DEFAULT_RETRY } from "../../src/prompts/call/retry-policy.ts";
import { MissingCredentialsError } from "../../src/prompts/errors.ts";
import { PROVIDERS } from "../../src/prompts/models/providers.ts";
import { localModel, selectModel } from "../../src/prompts/models/select-model.ts";
import { promptFunction } from "../../src/prompts/prompt-function.ts";
import { b } from "./baml_client/index.ts";

type Environment = Record<string, string | undefined>;

function names(environment: Environment): string[] {
  const selection = selectModel(environment);
  return selection.kind === "offline" ? ["offline"] : selection.choice.clients.map(({ name }) => name);
}

/** Where the chosen model's request would go, and with what key. */
async function reached(environment: Environment): Promise<{ url: string; key: string; model: unknown }> {
  const selection = selectModel(environment);
  if (selection.kind === "offline") throw new Error("offline");
  const request = await promptFunction(b, "Summarize", { bamlFiles: undefined }).request(["x"], {
    model: selection.choice,
  });
  const { headers } = request;
  const key =
    headers["authorization"] ?? headers["x-api-key"] ?? headers["api-key"] ?? headers["x-goog-api-key"] ?? "";
  return { url: request.url, key, model: JSON.parse(request.body).model };
}

const EVERYTHING: Environment = {
  OPENAI_API_KEY: "k",
  ANTHROPIC_API_KEY: "k",
  GOOGLE_API_KEY: "k",
  OPENROUTER_API_KEY: "k",
  AZURE_OPENAI_API_KEY: "k",
  AZURE_OPENAI_ENDPOINT: "http://azure",
  AWS_REGION: "r",
  AWS_BEARER_TOKEN_BEDROCK: "t",
  TWELVEFOLD_BASE_URL: "http://generic",
};

describe("the model by configuration", { tags: "F2.8" }, () => {
  it("is the built-in offline model when nothing is set", () => {
    expect(selectModel({})).toEqual({ kind: "offline" });
    expect(selectModel({ OPENAI_API_KEY: "", ANTHROPIC_API_KEY: "  " })).toEqual({ kind: "offline" });
    expect(selectModel({ TWELVEFOLD_MODEL: "offline", OPENAI_API_KEY: "k" })).toEqual({ kind: "offline" });
    // Keys for AWS and Azure are around for other reasons: they choose no model.
    expect(
      selectModel({ AWS_ACCESS_KEY_ID: "k", AWS_SECRET_ACCESS_KEY: "s", AZURE_OPENAI_API_KEY: "a" }),
    ).toEqual({
      kind: "offline",
    });
  });

  it("is the first provider whose key is set, with its default model", () => {
    expect(names({ OPENAI_API_KEY: "k" })).toEqual(["openai/gpt-5-mini"]);
    expect(names({ ANTHROPIC_API_KEY: "k" })).toEqual(["anthropic/claude-sonnet-4-5"]);
    expect(names({ GOOGLE_API_KEY: "k" })).toEqual(["google/gemini-2.5-flash"]);
    expect(names({ GEMINI_API_KEY: "k" })).toEqual(["google/gemini-2.5-flash"]);
    expect(names({ OPENROUTER_API_KEY: "k" })).toEqual(["openrouter/openai/gpt-5-mini"]);
    expect(names({ ANTHROPIC_API_KEY: "k", OPENAI_API_KEY: "k" })).toEqual(["openai/gpt-5-mini"]);
  });

  it.each<[Environment, string, string, unknown]>([
    [
      { TWELVEFOLD_MODEL: "openai/gpt-9", OPENAI_API_KEY: "k" },
      "https://api.openai.com/v1/chat/completions",
      "Bearer k",
      "gpt-9",
    ],
    [
      { TWELVEFOLD_MODEL: "openai", OPENAI_API_KEY: "k", OPENAI_BASE_URL: "http://proxy/v1" },
      "http://proxy/v1/chat/completions",
      "Bearer k",
      "gpt-5-mini",
    ],
    [
      { TWELVEFOLD_MODEL: "anthropic/claude-x", ANTHROPIC_API_KEY: "k" },
      "https://api.anthropic.com/v1/messages",
      "k",
      "claude-x",
    ],
    [
      { TWELVEFOLD_MODEL: "google/gemini-x", GEMINI_API_KEY: "k" },
      "https://generativelanguage.googleapis.com/v1beta/models/gemini-x:generateContent",
      "k",
      undefined,
    ],
    [
      {
        TWELVEFOLD_MODEL: "azure/my-deployment",
        AZURE_OPENAI_API_KEY: "k",
        AZURE_OPENAI_ENDPOINT: "https://r.openai.azure.com/",
      },
      "https://r.openai.azure.com/openai/deployments/my-deployment/chat/completions?api-version=2024-10-21",
      "k",
      undefined,
    ],
    [
      { TWELVEFOLD_MODEL: "openrouter/openai/gpt-x:free", OPENROUTER_API_KEY: "k" },
      "https://openrouter.ai/api/v1/chat/completions",
      "Bearer k",
      "openai/gpt-x:free",
    ],
    [{ TWELVEFOLD_MODEL: "ollama/qwen3" }, "http://127.0.0.1:11434/v1/chat/completions", "", "qwen3"],
    [
      { TWELVEFOLD_MODEL: "ollama/qwen3:8b", OLLAMA_HOST: "http://box:1234/" },
      "http://box:1234/v1/chat/completions",
      "",
      "qwen3:8b",
    ],
    ...[
      ["0.0.0.0", "127.0.0.1:11434"],
      ["0.0.0.0:1234", "127.0.0.1:1234"],
      [":1234", "127.0.0.1:1234"],
      ["box", "box:11434"],
      ["[::1]", "[::1]:11434"],
      ["http://0.0.0.0:11434", "127.0.0.1:11434"],
    ].map(([host, reached]): [Environment, string, string, unknown] => [
      { TWELVEFOLD_MODEL: "ollama/m", OLLAMA_HOST: host },
      `http://${reached}/v1/chat/completions`,
      "",
      "m",
    ]),
    [
      { TWELVEFOLD_MODEL: "openai-generic/m", TWELVEFOLD_BASE_URL: "http://host/v1/" },
      "http://host/v1/chat/completions",
      "",
      "m",
    ],
    [
      {
        TWELVEFOLD_MODEL: "openai-generic/m",
        TWELVEFOLD_BASE_URL: "http://host/v1",
        TWELVEFOLD_API_KEY: "k",
      },
      "http://host/v1/chat/completions",
      "Bearer k",
      "m",
    ],
    [
      {
        TWELVEFOLD_MODEL: "bedrock/anthropic.claude-v9:0",
        AWS_REGION: "eu-west-1",
        AWS_BEARER_TOKEN_BEDROCK: "t",
      },
      "https://bedrock-runtime.eu-west-1.amazonaws.com/model/anthropic.claude-v9%3A0/converse",
      "Bearer t",
      undefined,
    ],
  ])("reaches what %o names", async (environment, url, key, model) => {
    expect(await reached(environment)).toEqual({ url, key, model });
  });

  it("signs for Bedrock with AWS keys", async () => {
    const { key } = await reached({
      TWELVEFOLD_MODEL: "bedrock/m",
      AWS_REGION: "eu-west-1",
      AWS_ACCESS_KEY_ID: "AKID",
      AWS_SECRET_ACCESS_KEY: "secret",
      AWS_SESSION_TOKEN: "token",
    });
    expect(key).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-west-1\/bedrock\/aws4_request, SignedHeaders=\S*x-amz-security-token/,
    );
  });

  it("may be several, as a fallback or in turns", () => {
    const keys = { OPENAI_API_KEY: "k", ANTHROPIC_API_KEY: "k" };
    expect(selectModel({ ...keys, TWELVEFOLD_MODEL: "openai/a, anthropic/b" })).toMatchObject({
      choice: { strategy: "fallback", clients: [{ name: "openai/a" }, { name: "anthropic/b" }] },
    });
    expect(selectModel({ ...keys, TWELVEFOLD_MODEL: "round-robin:openai/a,ollama/b" })).toMatchObject({
      choice: { strategy: "round_robin", clients: [{ name: "openai/a" }, { name: "ollama/b" }] },
    });
  });

  it.each<[Environment, string]>([
    [{ TWELVEFOLD_MODEL: "openai/x" }, "openai/x needs OPENAI_API_KEY, which is not set."],
    [{ TWELVEFOLD_MODEL: "google/x" }, "GOOGLE_API_KEY or GEMINI_API_KEY"],
    [{ TWELVEFOLD_MODEL: "azure/x", AZURE_OPENAI_API_KEY: "k" }, "AZURE_OPENAI_ENDPOINT"],
    [{ TWELVEFOLD_MODEL: "bedrock/x", AWS_SECRET_ACCESS_KEY: "s", AWS_REGION: "r" }, "AWS_ACCESS_KEY_ID"],
    [{ TWELVEFOLD_MODEL: "bedrock/x", AWS_SECRET_ACCESS_KEY: "s", AWS_ACCESS_KEY_ID: "a" }, "AWS_REGION"],
    [{ TWELVEFOLD_MODEL: "openai-generic/x" }, "TWELVEFOLD_BASE_URL"],
  ])("says which variable is missing, and how to get on: %o", (environment, wanted) => {
    const select = () => selectModel(environment);
    expect(select).toThrow(MissingCredentialsError);
    expect(select).toThrow(wanted);
    expect(select).toThrow("TWELVEFOLD_MODEL=offline");
    expect(select).toThrow("TWELVEFOLD_MODEL=ollama/<model>");
  });

  it.each(["nobody/x", "toString/x", "", "ollama", "openai/", "gpt-5"])(
    "says what is valid instead of %j",
    (text) => {
      const environment = { TWELVEFOLD_MODEL: text, OPENAI_API_KEY: "k" };
      if (text === "") expect(names(environment)).toEqual(["openai/gpt-5-mini"]);
      else expect(() => selectModel(environment)).toThrow(UsageError);
    },
  );

  it.each([
    ["openai", "OPENAI_BASE_URL", "localhost:8080/v1"],
    ["openai", "OPENAI_BASE_URL", "api.example.com/v1"],
    ["anthropic", "ANTHROPIC_BASE_URL", "//host"],
    ["google", "GOOGLE_BASE_URL", "ftp://host"],
    ["openrouter", "OPENROUTER_BASE_URL", "http://"],
    ["azure", "AZURE_OPENAI_ENDPOINT", "r.openai.azure.com"],
    ["bedrock", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "localhost:9"],
    ["ollama", "OLLAMA_HOST", "a b"],
    ["openai-generic", "TWELVEFOLD_BASE_URL", "user:secret@host"],
  ])("says of %s which variable holds no address: %s=%s", (provider, variable, value) => {
    const select = () => selectModel({ ...EVERYTHING, TWELVEFOLD_MODEL: `${provider}/m`, [variable]: value });
    expect(select).toThrow(UsageError);
    expect(select).toThrow(`${variable} must be an address with its scheme, such as https://example.com/v1`);
    expect(select).not.toThrow("secret");
  });

  it.each([
    ["openai", "OPENAI_API_KEY"],
    ["anthropic", "ANTHROPIC_API_KEY"],
    ["google", "GOOGLE_API_KEY"],
    ["openrouter", "OPENROUTER_API_KEY"],
    ["azure", "AZURE_OPENAI_API_KEY"],
    ["bedrock", "AWS_BEARER_TOKEN_BEDROCK"],
    ["openai-generic", "TWELVEFOLD_API_KEY"],
  ])("says of %s which variable holds no key: %s", (provider, variable) => {
    for (const value of ["sk-аbc", "sk-a\u200bc", "“sk-abc”", "sk-a bc", "sk-a\nbc"]) {
      const select = () =>
        selectModel({ ...EVERYTHING, TWELVEFOLD_MODEL: `${provider}/m`, [variable]: value });
      expect(select).toThrow(UsageError);
      expect(select).toThrow(`${variable} holds a character that no key has, at position `);
      expect(select).not.toThrow(value);
    }
  });

  it("a key that cannot be one does not choose its provider in silence", () => {
    expect(() => selectModel({ OPENAI_API_KEY: "ключ", ANTHROPIC_API_KEY: "k" })).toThrow("OPENAI_API_KEY");
  });

  it.each([
    [{ api_key: "ключ-1234567" }, "options.api_key of the model client m holds a character that no key has"],
    [
      { base_url: "localhost:9/v1" },
      "options.base_url of the model client m must be an address with its scheme",
    ],
  ])("is checked in code as well, and not shown: %j", async (options, message) => {
    const model = {
      name: "m",
      provider: "openai",
      options: { model: "m", api_key: "k", base_url: "http://127.0.0.1:9/v1", ...options },
    };
    const error = await promptFunction(b, "Summarize", { bamlFiles: undefined })
      .call(["x"], { model })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    expect(String(error)).toContain(message);
    expect(JSON.stringify([error, String(error)])).not.toContain(Object.values(options)[0]);
  });

  it("every provider has a client that BAML can build a request for", async () => {
    for (const provider of Object.keys(PROVIDERS)) {
      const { url } = await reached({ ...EVERYTHING, TWELVEFOLD_MODEL: `${provider}/some-model` });
      expect(URL.canParse(url), provider).toBe(true);
    }
  });

  it("is a local server for the offline model", async () => {
    const choice = localModel("offline", "http://127.0.0.1:4000/v1");
    const request = await promptFunction(b, "Summarize", { bamlFiles: undefined, model: choice }).request([
      "x",
    ]);
    expect(request).toMatchObject({ client: "offline", url: "http://127.0.0.1:4000/v1/chat/completions" });
  });

  it("without any choice is the client that the function names in its .baml file", async () => {
    const request = await promptFunction(b, "Summarize", { bamlFiles: undefined }).request(["x"]);
    expect(request).toMatchObject({
      client: "127.0.0.1/none",
      url: "http://127.0.0.1:9/v1/chat/completions",
    });
  });
});

describe("time-outs and retries by configuration", { tags: "F9.9" }, () => {
  const patienceOfChoice = (environment: Environment) => {
    const selection = selectModel({ OPENAI_API_KEY: "k", ...environment });
    if (selection.kind === "offline") throw new Error("offline");
    const { timeouts, retry } = selection.choice;
    return { timeouts, retry };
  };

  it("are variables, in seconds", () => {
    expect(patienceOfChoice({})).toEqual({ timeouts: undefined, retry: undefined });
    const all = {
      TWELVEFOLD_TIMEOUT_CONNECT: "5",
      TWELVEFOLD_TIMEOUT_FIRST_TOKEN: "600",
      TWELVEFOLD_TIMEOUT_IDLE: "0.5",
      TWELVEFOLD_TIMEOUT_TOTAL: "3600",
      TWELVEFOLD_ATTEMPTS: "1",
      TWELVEFOLD_MAX_RETRY_AFTER: "10",
      TWELVEFOLD_MAX_LOADING: "900",
    };
    expect(patienceOfChoice(all)).toEqual({
      timeouts: { connect: 5000, firstToken: 600_000, idle: 500, total: 3_600_000 },
      retry: { attempts: 1, maxRetryAfter: 10_000, maxLoading: 900_000 },
    });
  });

  it.each([
    ["TWELVEFOLD_TIMEOUT_TOTAL", "10m"],
    ["TWELVEFOLD_TIMEOUT_IDLE", "0"],
    ["TWELVEFOLD_TIMEOUT_CONNECT", "-1"],
    ["TWELVEFOLD_TIMEOUT_FIRST_TOKEN", "Infinity"],
    ["TWELVEFOLD_ATTEMPTS", "0"],
    ["TWELVEFOLD_ATTEMPTS", "1.5"],
    ["TWELVEFOLD_MAX_LOADING", "1e9"],
  ])("that are none are refused by name: %s=%s", (variable, value) => {
    expect(() => patienceOfChoice({ [variable]: value })).toThrow(UsageError);
    expect(() => patienceOfChoice({ [variable]: value })).toThrow(variable);
  });

  it("the call wins over the function, the function over the choice, the choice over the defaults", () => {
    const choice = { timeouts: { total: 1, idle: 1, connect: 1 }, retry: { attempts: 9 } };
    const own = { timeouts: { total: 2, idle: 2 } };
    const { timeouts, retry } = patienceOf(choice, own, { timeouts: { total: 3 } });
    expect(timeouts).toEqual({ total: 3, idle: 2, connect: 1, firstToken: 120_000 });
    expect(retry).toEqual({ ...DEFAULT_RETRY, attempts: 9 });
  });

  it.each<[object, string]>([
    [{ timeouts: { total: 0 } }, "timeouts.total: "],
    [{ timeouts: { first: 5 } }, 'timeouts: unknown option "first"; known: connect, firstToken, idle, total'],
    [{ timeouts: { idle: "60" } }, "timeouts.idle: "],
    [{ timeouts: { idle: Number.NaN } }, "timeouts.idle: "],
    [{ retry: { attempts: 0 } }, "retry.attempts: must be a whole number from 1 to"],
    [{ retry: { attempts: 1.5 } }, "retry.attempts: must be a whole number from 1 to"],
    [{ retry: { maxDelay: -1 } }, "retry.maxDelay: "],
  ])("are checked where a function is made, and where it is called: %j", async (options, message) => {
    const make = () => promptFunction(b, "Summarize", { bamlFiles: undefined, ...options });
    expect(make).toThrow(UsageError);
    expect(make).toThrow(message);
    const call = promptFunction(b, "Summarize", { bamlFiles: undefined }).call(["x"], options);
    await expect(call).rejects.toThrow(message);
  });
});

describe("whose model answers", { tags: "F2.8" }, () => {
  const client = (name: string) => ({
    name,
    provider: "openai-generic",
    options: { model: name, base_url: "http://127.0.0.1:9/v1" },
  });
  const own = promptFunction(b, "Summarize", {
    bamlFiles: undefined,
    model: { ...client("own"), options: { ...client("own").options, temperature: 0.1, stop: ["END"] } },
  });

  it("a function's own model, with its settings, wins over the default", async () => {
    const request = await own.request(["x"], { defaultModel: client("environment") });
    expect(request.client).toBe("own");
    expect(JSON.parse(request.body)).toMatchObject({ model: "own", temperature: 0.1, stop: ["END"] });
    expect(own.ownModel).toEqual(["own"]);
  });

  it("a call's model wins over both", async () => {
    const models = { model: client("call"), defaultModel: client("environment") };
    expect((await own.request(["x"], models)).client).toBe("call");
  });

  it("the default answers where there is no other", async () => {
    const plain = promptFunction(b, "Summarize", { bamlFiles: undefined });
    expect((await plain.request(["x"], { defaultModel: client("environment") })).client).toBe("environment");
    expect(plain.ownModel).toEqual([]);
  });
});
