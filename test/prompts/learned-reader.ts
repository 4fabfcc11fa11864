import { bamlFunction } from "../../src/prompts/baml/generated-client.ts";
import type { BamlFiles } from "../../src/prompts/baml/source.ts";
import { completionReader } from "../../src/prompts/gate/answer.ts";
import { DEFAULT_ANSWER_LIMITS } from "../../src/prompts/gate/limits.ts";
import { b } from "./baml_client/index.ts";

/** A text that was given to the native parser. */
interface Given {
  readonly text: string;
  /** It came out with nothing lost. */
  fits: boolean;
}

/** A reader of a function's answers, and what it gave to the native parser. */
export function watchedReader(name: string, bamlFiles: (() => BamlFiles) | undefined) {
  const fn = bamlFunction(b, name);
  const given: Given[] = [];
  const parse: typeof fn.parse = (text, options) => {
    const one = { text, fits: false };
    given.push(one);
    const value = fn.parse(text, options);
    one.fits = JSON.stringify(value)?.length >= text.length;
    return value;
  };
  const read = completionReader(
    { ...fn, parse },
    { limits: DEFAULT_ANSWER_LIMITS, prose: "none", bamlFiles },
  );
  const completion = { raw: "", client: "", usage: null, durationMs: 0, requestDigest: "" };
  return {
    given,
    parse: (text: string) =>
      read({ reply: { text, finish: "stop", usage: null }, completion, validText: true }, undefined),
  };
}

/** Readers that know what there is to learn of their functions: made once, for many answers. */
export function learnedReaders(bamlFiles: (() => BamlFiles) | undefined) {
  const readers = new Map<string, ReturnType<typeof watchedReader>>();
  /** What it gives to the parser counts from here on. */
  return (name: string) => {
    let reader = readers.get(name);
    if (reader === undefined) {
      reader = watchedReader(name, bamlFiles);
      reader.parse("{}");
      readers.set(name, reader);
    }
    reader.given.length = 0;
    return reader;
  };
}
