import { type BamlFiles, declarations } from "../prompts/baml/source.ts";
import { lineOf } from "./prose-warning.ts";

/** A prompt that does not tell the model which JSON is wanted, and where. */
export interface FormWarning {
  readonly functionName: string;
  readonly file: string;
  readonly line: number;
}

/**
 * The prompts among these functions without `ctx.output_format`. One that inserts templates may have it there, and one that names
 * `intent` itself describes the answer in its own words: neither is warned of.
 */
export function formWarnings(files: BamlFiles, functionNames: readonly string[]): FormWarning[] {
  const all = Object.entries(files).flatMap(([file, source]) =>
    declarations({ [file]: source }).map((one) => ({ ...one, file, source })),
  );
  const templates = all.filter(({ kind }) => kind === "template_string").map(({ name }) => name);
  return all.flatMap(({ kind, name, text, file, source }): FormWarning[] => {
    if (kind !== "function" || !functionNames.includes(name)) return [];
    const prompt = /\bprompt\s+(#+)"([\s\S]*?)"\1/.exec(text)?.[2];
    if (prompt === undefined || /\boutput_format\b|\bintent\b/.test(prompt)) return [];
    if (templates.some((template) => prompt.includes(`${template}(`))) return [];
    return [{ functionName: name, file: `baml_src/${file}`, line: lineOf(source, text) }];
  });
}
