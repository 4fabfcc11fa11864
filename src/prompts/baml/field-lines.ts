import { linesOf, stripStrings } from "./bare.ts";
import type { Declaration } from "./source.ts";

/** A string of a declaration, in what `stripStrings` makes of it. */
const STRING = /\0(\d+)\0/g;

interface FieldLine {
  readonly name: string;
  /** With its literals in quotes. */
  readonly type: string;
  readonly description: string;
  readonly alias: string | undefined;
  /** `@skip`: the model does not see it. */
  readonly skipped: boolean;
}

/** The fields of a class: each begins a line with its name; what follows may go on below. */
export function fieldLines({ text: source }: Declaration): readonly FieldLine[] {
  const { text, strings } = stripStrings(source);
  const body = text.slice(text.indexOf("{") + 1, text.lastIndexOf("}"));
  return linesOf(body).flatMap((line) => {
    const [, name, rest] = /^([A-Za-z_]\w*)\s+(.+)$/.exec(line) ?? [];
    if (name === undefined || rest === undefined) return [];
    const [type = "", ...attributes] = rest.split(/(?<!\s)\s+(?=@)/);
    const attribute = (pattern: RegExp) => {
      const index = attributes.map((one) => pattern.exec(one)?.[1]).find(Boolean);
      return index === undefined ? undefined : strings[Number(index)];
    };
    return {
      name,
      type: withLiterals(type, strings).trim(),
      description: (attribute(/^@description\(\s*\0(\d+)\0/) ?? "").trim(),
      alias: attribute(/^@alias\(\s*\0(\d+)\0/),
      skipped: attributes.some((one) => /^@skip\b/.test(one)),
    };
  });
}

/** What a type alias stands for, with its literals in quotes. */
export function aliasOf({ text: source }: Declaration): string {
  const { text, strings } = stripStrings(source);
  return withLiterals(/^\s*type\s+\w+\s*=([\s\S]*)$/.exec(text)?.[1] ?? "", strings).trim();
}

/** The text of `stripStrings` with its strings in quotes again. */
export function withLiterals(text: string, strings: readonly string[]): string {
  return text.replace(STRING, (_, index) => JSON.stringify(strings[Number(index)] ?? ""));
}
