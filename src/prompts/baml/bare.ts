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

/**
 * The lines of a declaration's body. One that begins with an attribute or with `|`, or follows a line that ends in `|`, belongs to
 * the one before it.
 */
export function linesOf(body: string): readonly string[] {
  const lines: string[][] = [];
  for (const line of body.split("\n").map((one) => one.trim())) {
    if (line === "") continue;
    const last = lines.at(-1);
    if (last !== undefined && (/^(?:@(?!@)|\|)/.test(line) || last.at(-1)?.endsWith("|"))) last.push(line);
    else lines.push([line]);
  }
  return lines.map((parts) => parts.join(" "));
}
