import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compactError, errorText } from "../../src/context/blocks/errors.ts";
import { propertyRuns } from "../property-runs.ts";
import { hostileString } from "./hostile.ts";

describe("compactError", () => {
  it("keeps the message, the causes and the frame in the user's code, and no stack; the model reads no frame", {
    tags: "F9.2",
  }, () => {
    const error = new Error("deploy failed", {
      cause: new TypeError("bad answer", { cause: new Error("connect ECONNREFUSED 127.0.0.1:1") }),
    });
    const info = compactError(error);
    expect(info).toMatchObject({
      name: "Error",
      message: "deploy failed",
      causes: ["TypeError: bad answer", "connect ECONNREFUSED 127.0.0.1:1"],
    });
    expect(info.frame).toMatch(/test\/context\/errors\.test\.ts:\d+:\d+/);
    expect(errorText(info).split("\n")).toHaveLength(3);
    expect(errorText(info)).not.toContain("errors.test.ts");
  });

  it("a frame in a dependency, in Node or in this package is not the useful one", { tags: "F9.2" }, () => {
    const error = new Error("no");
    error.stack = [
      "Error: no",
      "    at node:internal/process/task_queues:95:5",
      "    at send (/srv/app/node_modules/http/index.js:1:1)",
      `    at runTool (${new URL("../../src/loop/perform-tool.ts", import.meta.url).pathname}:5:5)`,
      "    at async deploy (file:///srv/app/src/tools/deploy.ts:12:7)",
    ].join("\n");
    expect(compactError(error).frame).toBe("async deploy (src/tools/deploy.ts:12:7)");
  });

  it("holds no line of a stack that stands in the message, in a cause, or in what was thrown", {
    tags: "F9.2",
  }, () => {
    const { stack } = new Error("boom");
    const lines =
      "no\n    at async Promise.all (index 0)\n    at new A (C:\\a b\\c.js:1:2)\n    at <anonymous>\n    at [eval]:1:7";
    for (const [thrown, text] of [
      [new Error(stack), "Error: boom"],
      [new Error("a", { cause: new Error(stack) }), "a\ncaused by Error: boom"],
      [
        new Error(`HTTP 500: ${JSON.stringify({ error: "x", stack })}`),
        'HTTP 500: {"error":"x","stack":"Error: boom"}',
      ],
      [{ code: 1, stack }, '{"code":1}'],
      [stack, "Error: boom"],
      [`${lines}\nmore`, "no\nmore"],
      ["see you\n  at 10:30:15", "see you\n  at 10:30:15"],
    ])
      expect(errorText(compactError(thrown))).toBe(text);
    expect(errorText({ name: "Stopped", message: "" })).toBe("Stopped");
  });

  it("holds no secrets, wherever in the error they were", { tags: ["F9.2", "S3"] }, () => {
    const key = `sk-proj-${"a1B2".repeat(10)}`;
    const error = new Error(`401 for Bearer ${key}: {"api_key":"${key}"}`, {
      cause: new Error(`postgres://app:hunter22@db/prod password=letmein99 4111 1111 1111 1111`),
    });
    const text = JSON.stringify(compactError(error));
    for (const secret of [key, "hunter22", "letmein99", "4111 1111"]) expect(text).not.toContain(secret);
    expect(text).toContain("[key removed]");
    expect(text).toContain("postgres://app:[password removed]@db/prod");
  });

  it("is never larger than its limit, for anything thrown", { tags: "F9.2" }, () => {
    const thrown = fc.oneof(
      hostileString.map((text) => new Error(text.repeat(50))),
      fc.anything(),
      fc
        .array(hostileString, { maxLength: 30 })
        .map((texts) => new AggregateError(texts.map((text) => new Error(text)))),
    );
    fc.assert(
      fc.property(thrown, (value) => {
        const info = compactError(value);
        expect(errorText(info).length).toBeLessThan(2500);
        expect(JSON.parse(JSON.stringify(info))).toEqual(info);
      }),
      { numRuns: propertyRuns(300) },
    );
  });

  it("errors that are odd objects are still described", { tags: "F9.2" }, () => {
    const looping: Error & { cause?: unknown } = new Error("outer");
    looping.cause = looping;
    expect(compactError(looping).causes).toBeUndefined();
    expect(compactError("plain text").message).toBe("plain text");
    expect(compactError(undefined).message).toBe("undefined was thrown");
    expect(compactError({ code: 7 }).message).toBe('{"code":7}');
    const odd = Object.assign(new Error(), { message: 5n });
    expect(compactError(odd).message).toBe('{"name":"Error","message":"5"}');
    const hostile = {
      get message(): string {
        throw new Error("ha");
      },
    };
    expect(compactError(hostile).message).toContain("unreadable");
    expect(compactError(new Error("\u001b[31mred\u001b[0m \u0007bell")).message).toBe("red bell");
    const many = new AggregateError([new Error("a"), new Error("b")], "both failed");
    expect(compactError(many)).toMatchObject({ message: "both failed", causes: ["a", "b"] });
  });
});
