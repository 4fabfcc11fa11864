/**
 * Text from models, tools and people, safe to print in a terminal: control characters (which could move the cursor,
 * recolour or hide what an approver reads) and characters that reorder or hide text are shown as visible escapes.
 * Line breaks and tabs stay.
 */
export function safeText(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n/g, "\n")
    .replace(/[^\P{C}\n\t]|[\u2028\u2029\u115f\u1160\u3164\uffa0]/gu, (character) => {
      const code = character.codePointAt(0) ?? 0;
      return code <= 0xff ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
    });
}

/** `safeText` on one line, at most `limit` characters. */
export function safeLine(text: string, limit = 200): string {
  const line = safeText(text).replace(/\s+/gu, " ").trim();
  return line.length <= limit ? line : `${line.slice(0, limit - 1).toWellFormed()}…`;
}

/** A JSON value, short and safe, as people read it: strings without quotes. */
export function safeValue(value: unknown, limit = 200): string {
  return safeLine(typeof value === "string" ? value : JSON.stringify(value), limit);
}

/** `a=3 b=4`. */
export function safeFields(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${safeLine(name)}=${safeLine(JSON.stringify(value))}`)
    .join(" ");
}
