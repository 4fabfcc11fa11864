import { describe, expect, expectTypeOf, it } from "vitest";
import { type PromptFunction, promptFunction } from "../../src/prompts/prompt-function.ts";
import type { Answer } from "../../src/prompts/types.ts";
import { b } from "./baml_client/index.ts";
import type { partial_types } from "./baml_client/partial_types.ts";
import type * as types from "./baml_client/types.ts";

type Step = types.Refund | types.Search | types.SendMail | types.Transfer | types.Ask | types.Done;

describe("promptFunction is typed from the generated client", { tags: "F1.1" }, () => {
  it("infers arguments, result and partials", () => {
    const next = promptFunction(b, "NextStep", { bamlFiles: undefined });
    expectTypeOf(next.call).parameter(0).toEqualTypeOf<[thread: string]>();
    expectTypeOf(next.parse).returns.toEqualTypeOf<Answer<Step>>();
    type PartialStep =
      | partial_types.Refund
      | partial_types.Search
      | partial_types.SendMail
      | partial_types.Transfer
      | partial_types.Ask
      | partial_types.Done;
    const typed: PromptFunction<[thread: string], Step, PartialStep> = next;
    expect(typed.name).toBe("NextStep");
    const mail = promptFunction(b, "ReadMail", { bamlFiles: undefined });
    expectTypeOf(mail.call)
      .parameter(0)
      .toEqualTypeOf<[mail: types.Mail, first: string, second: string, note?: string | null | undefined]>();
    expectTypeOf(promptFunction(b, "NoArguments", { bamlFiles: undefined }).call)
      .parameter(0)
      .toEqualTypeOf<[]>();
  });

  it("works for every kind of result", () => {
    expectTypeOf(promptFunction(b, "ExtractPeople", { bamlFiles: undefined }).parse).returns.toEqualTypeOf<
      Answer<types.Person[]>
    >();
    expectTypeOf(promptFunction(b, "MaybePerson", { bamlFiles: undefined }).parse).returns.toEqualTypeOf<
      Answer<types.Person | null>
    >();
    expectTypeOf(promptFunction(b, "Classify", { bamlFiles: undefined }).parse).returns.toEqualTypeOf<
      Answer<types.Category>
    >();
    expectTypeOf(promptFunction(b, "Summarize", { bamlFiles: undefined }).parse).returns.toEqualTypeOf<
      Answer<string>
    >();
    expectTypeOf(promptFunction(b, "Count", { bamlFiles: undefined }).parse).returns.toEqualTypeOf<
      Answer<number>
    >();
    expectTypeOf(promptFunction(b, "Judge", { bamlFiles: undefined }).parse).returns.toEqualTypeOf<
      Answer<boolean>
    >();
    expectTypeOf(promptFunction(b, "Prices", { bamlFiles: undefined }).parse).returns.toEqualTypeOf<
      Answer<Record<string, number>>
    >();
    expectTypeOf(promptFunction(b, "PersonOrText", { bamlFiles: undefined }).parse).returns.toEqualTypeOf<
      Answer<types.Person | string>
    >();
  });

  it("knows no function that is not there", () => {
    // @ts-expect-error no such function
    expect(() => promptFunction(b, "NoSuchFunction", { bamlFiles: undefined })).toThrow(
      "the BAML client has no function NoSuchFunction; it has",
    );
    // @ts-expect-error wrong arguments
    const wrong = () => promptFunction(b, "NextStep", { bamlFiles: undefined }).call([1]);
    expectTypeOf(wrong).toBeFunction();
  });

  it("rejects wrong arguments at run time too", async () => {
    const next = promptFunction(b, "NextStep", { bamlFiles: undefined });
    await expect(Reflect.apply(next.request, next, [[5]])).rejects.toMatchObject({
      code: "invalid_argument",
      message: expect.stringContaining("NextStep was called with wrong arguments"),
    });
  });

  it("keeps optional arguments in their places", async () => {
    const mail = promptFunction(b, "ReadMail", { bamlFiles: undefined });
    const letter = { sender: "ada", lines: [], headers: {} };
    expect((await mail.request([letter, "a", "b"])).body).toContain("ab null");
    expect((await mail.request([letter, "a", "b", "note"])).body).toContain("ab note");
  });
});

describe("the version of a prompt function", () => {
  it("changes when its prompt, or a type that it names, changes, and not otherwise", async () => {
    const { getBamlFiles } = await import("./baml_client/inlinedbaml.ts");
    const files = getBamlFiles();
    const changed = (path: string, from: string, to: string) => ({
      ...files,
      [path]: String(Reflect.get(files, path)).replace(from, to),
    });
    const version = (bamlFiles: Record<string, string>) =>
      promptFunction(b, "NextStep", { bamlFiles: () => bamlFiles }).version;
    const now = version(files);
    expect(now).toMatch(/^[0-9a-f]{16}$/);
    expect(version(changed("shapes.baml", "You are a test.", "You are another."))).not.toBe(now);
    expect(version(changed("shapes.baml", "iban string", 'iban string @description("IBAN")'))).not.toBe(now);
    expect(version(changed("clients.baml", '"length"', '"tool"'))).not.toBe(now);
    expect(version(changed("inputs.baml", "Read the mail.", "Read it."))).toBe(now);
    // An editor or Git may have changed how the lines end.
    for (const end of ["\r\n", "\r"]) {
      const ended = Object.entries(files).map(([path, text]) => [path, text.replaceAll("\n", end)]);
      expect(version(Object.fromEntries(ended))).toBe(now);
    }
    expect(version(changed("shapes.baml", "class Invoice {", "class Invoice {\n  extra int"))).toBe(now);
    expect(promptFunction(b, "NextStep", { bamlFiles: undefined }).version).toBe("unversioned");
    expect(promptFunction(b, "NextStep", { bamlFiles: undefined, version: "7" }).version).toBe("7");
  });
});
