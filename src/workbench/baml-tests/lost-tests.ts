import { type BamlFiles, declarations } from "../../prompts/baml/source.ts";

/** A BAML test that names a function that is not declared: BAML leaves it out without a word. */
export interface LostTest {
  readonly name: string;
  readonly functionName: string;
  /** The file's name, relative to the folder of the sources. */
  readonly file: string;
}

/** The tests among these sources that BAML would leave out. */
export function lostTests(files: BamlFiles): LostTest[] {
  const known = new Set(declarations(files).flatMap(({ kind, name }) => (kind === "function" ? [name] : [])));
  return Object.entries(files).flatMap(([file, source]) =>
    declarations({ [file]: source })
      .filter(({ kind }) => kind === "test")
      .flatMap(({ name, text }) =>
        functionsOf(text)
          .filter((functionName) => !known.has(functionName))
          .map((functionName) => ({ name, functionName, file })),
      ),
  );
}

function functionsOf(test: string): string[] {
  const listed = /\bfunctions\s*\[([^\]]*)\]/.exec(test)?.[1] ?? "";
  return listed.replace(/\/\/[^\n]*/g, "").match(/\w+/g) ?? [];
}
