/** The text of a declaration without comments, with its strings apart. */
export interface Bare {
  /** Without comments; each string is `\u0000<number>\u0000`. */
  readonly text: string;
  readonly strings: readonly string[];
}

const STRING_OR_COMMENT = /(#+)"([\s\S]*?)"\1|"((?:[^"\\]|\\[\s\S])*)"|\/\/[^\n]*/g;

/** Takes the strings out of a declaration, and leaves its comments out. */
export function stripStrings(source: string): Bare {
  const strings: string[] = [];
  const text = source.replaceAll("\0", "").replace(STRING_OR_COMMENT, (token, _, raw, quoted) => {
    if (token.startsWith("//")) return "";
    strings.push(typeof raw === "string" ? raw : String(quoted).replace(/\\(["\\])/g, "$1"));
    return `\0${strings.length - 1}\0`;
  });
  return { text, strings };
}
