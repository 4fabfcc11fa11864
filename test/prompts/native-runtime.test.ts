import { describe, expect, it } from "vitest";
import { isBamlRequest } from "../../src/prompts/baml/generated-client.ts";
import { nativeRuntime } from "../../src/prompts/baml/native-runtime.ts";
import { registryOf } from "../../src/prompts/models/client-registry.ts";
import { promptFunction } from "../../src/prompts/prompt-function.ts";
import type { ModelClient } from "../../src/prompts/types.ts";
import { b } from "./baml_client/index.ts";
import { REFUND, REFUND_VALUE } from "./completions/row.ts";

const model: ModelClient = {
  name: "m",
  provider: "openai-generic",
  options: { model: "m", api_key: "k", base_url: "http://127.0.0.1:9/v1" },
};
const LETTER = { sender: "ada", lines: ["one"], headers: { a: "b" } };

describe("the native runtime behind a generated client", () => {
  it("is found in what this version of BAML generates, with the names of the arguments", () => {
    expect(nativeRuntime(b, "NextStep")?.argumentNames).toEqual(["thread"]);
    expect(nativeRuntime(b, "ReadMail")?.argumentNames).toEqual(["mail", "first", "second", "note"]);
    expect(nativeRuntime(b, "NoArguments")?.argumentNames).toEqual([]);
  });

  it("builds the same request and reads the same value as the generated functions", async () => {
    // The public parts alone: what it falls back to where a later version is made otherwise.
    const { request, streamRequest, parse, parseStream } = b;
    const plain = { request, streamRequest, parse, parseStream, ReadMail: b.ReadMail, NextStep: b.NextStep };
    expect(nativeRuntime(plain, "ReadMail")).toBeUndefined();
    const [direct, generated] = [b, plain].map((client) =>
      promptFunction(client, "ReadMail", { bamlFiles: undefined, model }),
    );
    for (const args of [
      [LETTER, "x", "y"],
      [LETTER, "x", "y", "z"],
    ] as const) {
      const one = await direct?.request([...args]);
      const other = await generated?.request([...args]);
      expect(one?.body).toBe(other?.body);
      expect(one?.headers).toEqual(other?.headers);
      expect(one?.url).toBe(other?.url);
    }
    expect(promptFunction(plain, "NextStep", { bamlFiles: undefined }).parse(REFUND)).toMatchObject({
      ok: true,
      value: REFUND_VALUE,
    });
    const error = (client: typeof plain | typeof b) =>
      promptFunction(client, "NextStep", { bamlFiles: undefined })
        .request([""], { model: { ...model, options: { base_url: 5 } } })
        .catch((thrown: unknown) => String(thrown));
    expect(await error(plain)).toBe(await error(b));
  });

  it("builds the same on threads of its own, each request with its own credentials", {
    tags: "S3",
  }, async () => {
    const native = nativeRuntime(b, "NextStep");
    const build = (key: string, apart: boolean, base_url: unknown = "http://127.0.0.1:9/v1") =>
      Promise.resolve()
        .then(() =>
          native?.request(
            { thread: `of ${key}` },
            {
              registry: registryOf({ ...model, options: { model: "m", api_key: key, base_url } }),
              stream: false,
              tb: undefined,
              apart,
            },
          ),
        )
        .then(
          (request) =>
            isBamlRequest(request) ? [request.url, request.headers, request.body.text()] : request,
          (error: unknown) => String(error).split("\n\nStack backtrace")[0],
        );
    const keys = Array.from({ length: 40 }, (_, index) => `key-${index % 20}`);
    const apart = await Promise.all(keys.map((key) => build(key, true)));
    const here = await Promise.all(keys.map((key) => build(key, false)));
    expect(apart).toEqual(here);
    apart.forEach((request, index) => {
      expect(JSON.stringify(request)).toContain(`Bearer ${keys[index]}"`);
    });
    expect(await build("k", true, 5)).toBe(await build("k", false, 5));
    expect(await build("k", true, 5)).toContain("base_url");
  });

  it("gets nothing of the environment", { tags: "S3" }, async () => {
    process.env["OPENAI_API_KEY"] = "key-of-the-environment";
    try {
      const client = { name: "m", provider: "openai-responses-x", options: { model: "m" } };
      await expect(
        promptFunction(b, "NextStep", { bamlFiles: undefined }).request(["x"], { model: client }),
      ).rejects.toThrow();
      const open: ModelClient = { ...model, options: { model: "m", base_url: "http://127.0.0.1:9/v1" } };
      const { headers } = await promptFunction(b, "NextStep", { bamlFiles: undefined }).request(["x"], {
        model: open,
      });
      expect(JSON.stringify(headers)).not.toContain("key-of-the-environment");
    } finally {
      delete process.env["OPENAI_API_KEY"];
    }
  });
});
