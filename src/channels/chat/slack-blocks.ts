import { partLine } from "../part-line.ts";
import type { ChatForm, ChatMessage } from "./platform.ts";

/*
 * Slack's Block Kit. Texts are `plain_text`: no mention, link or formatting in them means anything.
 */

const MAX_BLOCKS = 48;
const MAX_SECTION = 2_900;
const MAX_TITLE = 150;

function makePlain(text: string) {
  return { type: "plain_text", text: text === "" ? " " : text, emoji: false };
}

function section(text: string) {
  return { type: "section", text: makePlain(text) };
}

/** Whether Slack can show all of it. */
export function fitsSlack(message: ChatMessage): boolean {
  return blocksOf(message).length <= MAX_BLOCKS;
}

export function blocksOf({ title, parts, buttons, link }: ChatMessage): unknown[] {
  const head =
    title.length <= MAX_TITLE ? [{ type: "header", text: makePlain(title) }] : pieces(title).map(section);
  const body = parts.flatMap((part) => pieces(partLine(part)).map(section));
  const elements = [
    ...buttons.map(({ action, label, value, style }) => ({
      type: "button",
      action_id: action,
      text: makePlain(label.slice(0, 75)),
      value,
      style,
    })),
    ...(link === undefined
      ? []
      : [{ type: "button", action_id: "open", text: makePlain("Open"), url: link }]),
  ];
  const rows = Array.from({ length: Math.ceil(elements.length / 20) }, (_, row) => ({
    type: "actions",
    elements: elements.slice(row * 20, row * 20 + 20),
  }));
  return [...head, ...body, ...rows];
}

/** A long text in as many parts as it takes. */
function pieces(text: string): readonly string[] {
  const characters = Array.from(text);
  const parts: string[] = [];
  for (let start = 0; start < characters.length; start += MAX_SECTION / 2) {
    parts.push(characters.slice(start, start + MAX_SECTION / 2).join(""));
  }
  return parts.length === 0 ? [""] : parts;
}

/** A few words to one person. */
export function whisperOf(words: string): unknown[] {
  return [section(words.slice(0, MAX_SECTION))];
}

/** `meta` comes back with what is sent. */
export function viewOf({ title, submit, fields }: ChatForm, meta: string): unknown {
  return {
    type: "modal",
    callback_id: "form",
    title: makePlain(title.slice(0, 24)),
    submit: makePlain(submit.slice(0, 24)),
    close: makePlain("Back"),
    private_metadata: meta,
    blocks: fields.map(({ name, label, value, optional = false }) => ({
      type: "input",
      block_id: name,
      optional,
      label: makePlain(label.slice(0, 150)),
      element: {
        type: "plain_text_input",
        action_id: "value",
        multiline: true,
        ...(value === "" ? {} : { initial_value: value }),
      },
    })),
  };
}

/** Text for where Slack reads markup: no mention, no link. */
export function escapeMrkdwn(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
