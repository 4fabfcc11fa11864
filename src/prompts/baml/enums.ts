import { linesOf, stripStrings } from "./bare.ts";
import { type BamlFiles, type Declaration, declarations } from "./source.ts";

/** The values of each enum by its name, as a model reads and writes them. */
export type Enums = ReadonlyMap<string, readonly string[]>;

export const NO_ENUMS: Enums = new Map();

/** The enums in the files, without those that may get values at run time. */
export function readEnums(files: BamlFiles): Enums {
  const enums = declarations(files).filter(({ kind, text }) => kind === "enum" && !/@@dynamic\b/.test(text));
  return new Map(enums.map((declared) => [declared.name, [...shownValues(declared).values()]]));
}

const VALUE = /^([A-Za-z_]\w*)(.*)$/;
const ALIAS = /(?<!@)@alias\(\s*\0(\d+)\0/;

/** The values of an enum by their names in code: as prompts show them. */
export function shownValues({ text: source }: Declaration): ReadonlyMap<string, string> {
  const { text, strings } = stripStrings(source);
  const body = text.slice(text.indexOf("{") + 1, text.lastIndexOf("}"));
  return new Map(
    linesOf(body).flatMap((line): [string, string][] => {
      const [, name, attributes = ""] = VALUE.exec(line) ?? [];
      if (name === undefined || /@skip\b/.test(attributes)) return [];
      const alias = ALIAS.exec(attributes)?.[1];
      return [[name, alias === undefined ? name : (strings[Number(alias)] ?? name)]];
    }),
  );
}
