import { isJsonArray, isJsonObject, type Json, readJson } from "../../base/json.ts";
import { removeSecrets } from "../../base/secret-patterns.ts";
import type { RecordedCall } from "../../model/recording.ts";
import { type BamlFiles, declarations } from "../../prompts/baml/source.ts";
import { wireFormatOf } from "../../prompts/wire/formats.ts";
import type { WireFormat } from "../../prompts/wire/wire.ts";

/**
 * What was answered in a test: BAML's own command does not say. Of the calls that were recorded, those are the test's whose
 * request holds every line of its arguments, and the least besides. `undefined` where none does; several answers where
 * tests have the same arguments.
 */
export function answersOf(
  testName: string,
  files: BamlFiles,
  calls: readonly RecordedCall[],
): readonly string[] | undefined {
  const test = declarations(files).find(({ kind, name }) => kind === "test" && name === testName);
  if (test === undefined) return undefined;
  const wanted = argumentLines(test.text);
  if (wanted.length === 0) return undefined;
  const fitting = calls
    .map((call) => ({ call, request: textsIn(call.request.body).join("\n") }))
    .filter(({ request }) => wanted.every((line) => request.includes(line)));
  const least = Math.min(...fitting.map(({ request }) => request.length));
  const answers = fitting
    .filter(({ request }) => request.length === least)
    .flatMap(({ call }) => answerIn(call) ?? []);
  return answers.length === 0 ? undefined : [...new Set(answers)];
}

/** The lines of the texts in `args { … }`, as BAML sends them: without what indents them. */
function argumentLines(test: string): string[] {
  const args = /\bargs\s*\{([\s\S]*)/.exec(test)?.[1] ?? "";
  const end = args.search(/^\s*@@/m);
  const texts = [
    ...args.slice(0, end === -1 ? undefined : end).matchAll(/(#+)"([\s\S]*?)"\1|"((?:[^"\\]|\\.)*)"/g),
  ];
  return (
    texts
      .flatMap(([, , raw, quoted]) => (raw ?? (quoted ?? "").replace(/\\(["\\])/g, "$1")).split("\n"))
      // As they are recorded.
      .map((line) => removeSecrets(line.trim()))
      .filter((line) => line !== "")
  );
}

function textsIn(json: Json): string[] {
  if (typeof json === "string") return [json];
  if (isJsonArray(json) || isJsonObject(json)) return Object.values(json).flatMap(textsIn);
  return [];
}

/** The text of an answer, whether it came whole or as a stream. */
function answerIn({ request, response }: RecordedCall): string | undefined {
  const format = wireFormatOf(`http://127.0.0.1${request.path}`);
  const whole = readJson(response.body);
  if (whole !== undefined) return format.readBody(whole)?.text;
  return streamedText(response.body, format);
}

function streamedText(body: string, format: WireFormat): string | undefined {
  const parts = body.split("\n").flatMap((line) => {
    const event = line.startsWith("data:") ? readJson(line.slice("data:".length)) : undefined;
    return event === undefined ? [] : [format.readPart(event).text ?? ""];
  });
  return parts.length === 0 ? undefined : parts.join("");
}
