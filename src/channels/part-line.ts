/** Stands before each further line of a part. */
const WITHIN = "| ";

/**
 * A part of a card where a card is lines of text. Whoever has written the text may have written line breaks into it: its further
 * lines are marked, so that none of them looks like another part, or like what the card itself says.
 */
export function partLine({
  label,
  text,
}: {
  readonly label?: string | undefined;
  readonly text: string;
}): string {
  return label === undefined ? text : `${label}: ${text.replaceAll("\n", `\n${WITHIN}`)}`;
}
