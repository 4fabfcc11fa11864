import { afterEach, describe, expect, it } from "vitest";
import { type ScriptedModel, startScriptedModel } from "../../src/model/index.ts";
import { ask, chatBody, post } from "./ask-model.ts";

describe("the scripted model", () => {
  let model: ScriptedModel | undefined;
  afterEach(() => model?.close());

  it("gives its answers in order and keeps the requests", { tags: "E3" }, async () => {
    model = await startScriptedModel(["one", { content: "two", finishReason: "length" }]);
    expect(await ask(model, "first?")).toBe("one");
    expect(model.leftovers()).toHaveLength(1);
    const cut = await (await post(model, chatBody("second?"))).text();
    expect(JSON.parse(cut).choices[0]).toMatchObject({
      finish_reason: "length",
      message: { content: "two" },
    });
    expect(model.requests.map(({ messages }) => messages[0]?.text)).toEqual(["first?", "second?"]);
    expect(model.leftovers()).toEqual([]);
    model.assertDone();
  });

  it("answers with errors as OpenAI does", async () => {
    model = await startScriptedModel([{ status: 429, message: "slow down", retryAfter: 7 }]);
    const response = await post(model, chatBody("?"));
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "7"]);
  });

  it("fails on a request too many with a status that is not retried", { tags: "E3" }, async () => {
    model = await startScriptedModel(["one"]);
    await ask(model, "first?");
    const extra = await post(model, chatBody("second?"));
    expect(extra.status).toBe(400);
    expect(await extra.text()).toContain("unexpected_request");
    expect(() => model?.assertDone()).toThrow(/1 answers, but 2 requests/);
  });

  it("reports answers that nobody asked for", async () => {
    model = await startScriptedModel(["one", "two"]);
    await ask(model, "first?");
    expect(() => model?.assertDone()).toThrow(expect.objectContaining({ code: "unexpected_call" }));
  });
});
