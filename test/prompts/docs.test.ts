import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DOUBTFUL_REASONS, TOLERANT_REASONS } from "../../src/base/fidelity.ts";
import { PROVIDERS, type ProviderSettings } from "../../src/prompts/models/providers.ts";
import { run, snippetsOf } from "../docs/run-snippets.ts";
import { type ProviderServer, providerServer } from "./servers/provider-server.ts";
import { openaiChatBodies } from "./servers/wire-bodies.ts";

const PAGE = "docs/prompts.md";
const page = readFileSync(join(import.meta.dirname, "../..", PAGE), "utf8");
const snippets = snippetsOf(PAGE, {
  "twelvefold/prompts": "src/prompts/index.ts",
  "./baml_client/index.ts": "test/prompts/baml_client/index.ts",
  "./baml_client/inlinedbaml.ts": "test/prompts/baml_client/inlinedbaml.ts",
});

describe(PAGE, () => {
  let server: ProviderServer;
  beforeAll(async () => {
    server = await providerServer(openaiChatBodies);
    process.env["TWELVEFOLD_MODEL"] = "openai-generic/local";
    process.env["TWELVEFOLD_BASE_URL"] = `${server.url}/v1`;
  });
  afterAll(async () => {
    delete process.env["TWELVEFOLD_MODEL"];
    delete process.env["TWELVEFOLD_BASE_URL"];
    await server.close();
  });

  it.each(snippets.map((snippet) => [snippet.line, snippet] as const))(
    "its code at line %i runs",
    { tags: "F1.1" },
    async (_, snippet) => {
      server.takeBack();
      server.will({ text: '{"intent":"refund","order_id":"A1","amount":40}' });
      expect(await run(snippet)).toEqual(snippet.promised);
      expect(snippet.promised.length).toBeGreaterThan(0);
    },
  );

  it("lists every reason with its text", { tags: "F4.8" }, () => {
    const rows = [...page.matchAll(/^\| `(\w+)` \| (tolerant|doubtful) \| (.*) \|$/gm)].map(
      ([, ...row]) => row,
    );
    const wanted = [
      ...Object.entries(TOLERANT_REASONS).map(([name, text]) => [name, "tolerant", text]),
      ...Object.entries(DOUBTFUL_REASONS).map(([name, text]) => [name, "doubtful", text]),
    ];
    expect(rows).toEqual(wanted);
  });

  it("lists every provider with its keys and default model, in the order in which keys count", {
    tags: "F2.8",
  }, () => {
    const rows = [...page.matchAll(/^\| `([\w-]+)` \| (–|`\w+_\w+`[^|]*) \| ([^|]*) \|$/gm)].map(
      ([, ...row]) => row,
    );
    const wanted = Object.entries(PROVIDERS).map(([name, settings]: [string, ProviderSettings]) => [
      name,
      settings.keys.map((key) => `\`${key}\``).join(" or ") || "–",
      settings.defaultModel === undefined ? expect.stringMatching(/^–/) : `\`${settings.defaultModel}\``,
    ]);
    expect(rows).toEqual(wanted);
  });
});
