/**
 * A text within a card that is lines of text. Whoever has written it may have written line breaks into it: its further lines are
 * marked, so that none of them looks like another part, or like what the card itself says.
 */
export function markLines(text: string): string {
  return text.replaceAll("\n", "\n| ");
}

/** A part of such a card. */
export function partLine({
  label,
  text,
}: {
  readonly label?: string | undefined;
  readonly text: string;
}): string {
  return label === undefined ? text : `${label}: ${markLines(text)}`;
}
