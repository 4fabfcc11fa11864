import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/base/errors.ts";
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
  const request = await promptFunction(b, "Summarize").request(["x"], { model: selection.choice });
  const { headers } = request;
  const key =
    headers["authorization"] ?? headers["x-api-key"] ?? headers["api-key"] ?? headers["x-goog-api-key"] ?? "";
  return { url: request.url, key, model: JSON.parse(request.body).model };
}

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

  it("every provider has a client that BAML can build a request for", async () => {
    const environment: Environment = {
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
    for (const provider of Object.keys(PROVIDERS)) {
      const { url } = await reached({ ...environment, TWELVEFOLD_MODEL: `${provider}/some-model` });
      expect(URL.canParse(url), provider).toBe(true);
    }
  });

  it("is a local server for the offline model", async () => {
    const choice = localModel("offline", "http://127.0.0.1:4000/v1");
    const request = await promptFunction(b, "Summarize", { model: choice }).request(["x"]);
    expect(request).toMatchObject({ client: "offline", url: "http://127.0.0.1:4000/v1/chat/completions" });
  });

  it("without any choice is the client that the function names in its .baml file", async () => {
    const request = await promptFunction(b, "Summarize").request(["x"]);
    expect(request).toMatchObject({
      client: "127.0.0.1/none",
      url: "http://127.0.0.1:9/v1/chat/completions",
    });
  });
});
