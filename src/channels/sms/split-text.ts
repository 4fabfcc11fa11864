/** Twilio takes at most 1,600 characters at once; the number of the part stands in front. */
const MAX_PART = 1_500;

/** A text in parts that Twilio takes, each with its number: cut at a line's end, else between words, never in a character. */
export function splitText(text: string, limit = MAX_PART): readonly string[] {
  const parts: string[] = [];
  let rest = text.trim();
  while (rest.length > limit) {
    const end = cutAt(rest, limit);
    parts.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  parts.push(rest);
  return parts.length === 1 ? parts : parts.map((part, index) => `(${index + 1}/${parts.length}) ${part}`);
}

function cutAt(text: string, limit: number): number {
  const window = text.slice(0, limit);
  for (const mark of ["\n", " "]) {
    const end = window.lastIndexOf(mark);
    if (end > limit / 2) return end;
  }
  // Not between the two halves of a character.
  return /[\uD800-\uDBFF]/.test(window.at(-1) ?? "") ? limit - 1 : limit;
}
