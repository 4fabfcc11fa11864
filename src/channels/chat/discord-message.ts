import { partLine } from "../part-line.ts";
import type { ButtonOf, ChatForm, ChatMessage } from "./platform.ts";

/* Discord's messages. All text is escaped: it reads backslashes before anything that is no letter, digit or blank. */

const MAX_DESCRIPTION = 4_000;
/** Discord takes 6,000 characters in all embeds of a message together. */
const MAX_ALL = 5_800;
const MAX_TITLE = 250;
const PIECE = 1_900;
const STYLES = { primary: 1, other: 2, danger: 4, link: 5 };

/** Text in which no mention, link, heading, list or spoiler is one. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\*_~`|<>@#:[\]()]/g, "\\$&").replace(/^(\s*)([-+]|\d+(?=[.)]))/gm, escapeStart);
}

function escapeStart(_all: string, blanks: string, start: string): string {
  return /\d/.test(start) ? `${blanks}${start}\\` : `${blanks}\\${start}`;
}

export function fitsDiscord(message: ChatMessage): boolean {
  if (message.parts.reduce((sum, { text }) => sum + text.length, 0) > MAX_ALL) return false;
  const embeds = embedsOf(message);
  return (
    embeds.length <= 10 &&
    embeds.reduce((sum, { title = "", description }) => sum + title.length + description.length, 0) <= MAX_ALL
  );
}

function embedsOf({ title, parts }: ChatMessage) {
  const lines = parts.map(partLine);
  const escaped = escapeMarkdown(title);
  const isShort = escaped.length <= MAX_TITLE;
  const whole = isShort ? lines.join("\n") : [title, ...lines].join("\n");
  const pieces = piecesOf(whole).map(escapeMarkdown);
  return pieces.map((description, index) =>
    index === 0 && isShort ? { title: escaped, description } : { description },
  );
}

/** Each of them fits into a description, escaped or not. */
function piecesOf(text: string): readonly string[] {
  if (escapeMarkdown(text).length <= MAX_DESCRIPTION) return [text];
  const characters = Array.from(text);
  return Array.from({ length: Math.ceil(characters.length / PIECE) }, (_, index) =>
    characters.slice(index * PIECE, index * PIECE + PIECE).join(""),
  );
}

export function messageOf(message: ChatMessage) {
  const { buttons, link } = message;
  const all = [
    ...buttons.map(buttonOf),
    ...(link === undefined ? [] : [{ type: 2, style: STYLES.link, label: "Open", url: link }]),
  ];
  const rows = Array.from({ length: Math.ceil(all.length / 5) }, (_, row) => ({
    type: 1,
    components: all.slice(row * 5, row * 5 + 5),
  }));
  return { embeds: embedsOf(message), components: rows, allowed_mentions: { parse: [] } };
}

function buttonOf({ action, label, value, style }: ButtonOf) {
  return {
    type: 2,
    style: STYLES[style ?? "other"],
    label: label.slice(0, 80),
    custom_id: `${action} ${value}`,
  };
}

/** A response that only whoever has asked for it sees. */
export function whisperOf(words: string) {
  return {
    type: 4,
    data: { content: escapeMarkdown(words.slice(0, 900)), flags: 64, allowed_mentions: { parse: [] } },
  };
}

export function modalOf({ title, fields }: ChatForm, id: string) {
  return {
    type: 9,
    data: {
      custom_id: id,
      title: title.slice(0, 45),
      components: fields.map(({ name, label, value, optional = false }) => ({
        type: 18,
        label: label.slice(0, 45),
        component: {
          type: 4,
          custom_id: name.slice(0, 100),
          style: 2,
          required: !optional,
          ...(value === "" ? {} : { value }),
        },
      })),
    },
  };
}
