import type { ChatMessage } from "./platform.ts";

const MAX_MESSAGES = 12;

/** A text in as many messages as it takes on this platform, cut where a line or a word ends. Ends with a word if it is not whole. */
export function messagesOf(
  title: string,
  text: string,
  fits: (message: ChatMessage) => boolean,
): readonly ChatMessage[] {
  const make = (words: string): ChatMessage => ({ title, parts: [{ text: words }], buttons: [] });
  const messages: ChatMessage[] = [];
  let rest = text;
  while (rest !== "" && messages.length < MAX_MESSAGES) {
    const length = longestThatFits(rest, (part) => fits(make(part)));
    messages.push(make(rest.slice(0, length)));
    rest = rest.slice(length).trimStart();
  }
  if (rest !== "") messages.push(make(`… ${rest.length} more characters are not shown here.`));
  return messages.length === 0 ? [make("")] : messages;
}

function longestThatFits(text: string, fits: (part: string) => boolean): number {
  if (fits(text)) return text.length;
  let low = 1;
  let high = text.length;
  while (low + 1 < high) {
    const middle = Math.floor((low + high) / 2);
    if (fits(text.slice(0, middle))) low = middle;
    else high = middle;
  }
  const head = text.slice(0, low);
  const end = Math.max(head.lastIndexOf("\n"), head.lastIndexOf(" "));
  if (end > low / 2) return end;
  // No character is cut in two.
  return /[\uD800-\uDBFF]$/.test(head) && low > 1 ? low - 1 : low;
}
