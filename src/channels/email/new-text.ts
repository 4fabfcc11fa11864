/** Stands at the top of every mail that is sent: what follows it in a reply is a quotation. */
export const REPLY_ABOVE = "-- Reply above this line --";

/**
 * What a reply says by itself, without what it quotes: up to the line that every mail of this channel begins with, to the line
 * with which mail programs begin a quotation, or to the quoted lines at the end.
 */
export function newTextOf(text: string): string {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const marker = lines.findIndex((line) => line.includes(REPLY_ABOVE));
  const quote = lines.findIndex((line, index) => isQuoteStart(line, lines[index + 1]));
  const ends = [marker, quote].filter((index) => index >= 0);
  const kept = lines.slice(0, ends.length === 0 ? undefined : Math.min(...ends));
  while (kept.length > 0 && /^\s*(?:>.*)?$/.test(kept.at(-1) ?? "")) kept.pop();
  // The line that introduces the quotation: "Ada wrote:", in any language.
  if (ends.length > 0 && kept.length > 1 && /^[^\n]{5,300}:\s*$/.test(kept.at(-1) ?? "")) kept.pop();
  return kept.join("\n").trim();
}

function isQuoteStart(line: string, next: string | undefined): boolean {
  return (
    /^\s*-{2,}\s*(?:original message|ursprüngliche nachricht|message d'origine|mensaje original)\s*-{2,}\s*$/i.test(
      line,
    ) ||
    /^\s*_{10,}\s*$/.test(line) ||
    /^\s*on\b.{3,200}\bwrote:\s*$/i.test(line) ||
    (/^\s*on\b.{3,200}$/i.test(line) && /^.{0,200}\bwrote:\s*$/i.test(next ?? ""))
  );
}
