import { partLine } from "../part-line.ts";
import type { ButtonOf, ChatForm, ChatMessage } from "./platform.ts";

/* Adaptive Cards. Texts are runs of a `RichTextBlock`, in which nothing is markup. */

/** Teams takes 28 KB. */
const MAX_BYTES = 24_000;
const VERSION = "1.4";

function line(text: string, weight?: "Bolder") {
  const run = { type: "TextRun", text: text === "" ? " " : text, weight };
  return { type: "RichTextBlock", inlines: [run] };
}

/** Line breaks are blocks of their own: what a run makes of them differs. */
function linesOf(text: string) {
  return text.split("\n").map((one) => line(one));
}

export function fitsTeams(message: ChatMessage): boolean {
  if (message.parts.reduce((sum, { text }) => sum + text.length, 0) > MAX_BYTES) return false;
  return Buffer.byteLength(JSON.stringify(activityOf(message))) <= MAX_BYTES;
}

/** A message of the Bot Framework with the card. */
export function activityOf({ title, parts, buttons, link }: ChatMessage) {
  const body = parts.flatMap((part) => linesOf(partLine(part)));
  const open = link === undefined ? [] : [{ type: "Action.OpenUrl", title: "Open", url: link }];
  // Where there are more than six actions, the others are hidden: rows of actions in the body show all of them.
  const actions = [...buttons.map(actionOf), ...open];
  const rows = Array.from({ length: Math.ceil(actions.length / 6) }, (_, row) => ({
    type: "ActionSet",
    actions: actions.slice(row * 6, row * 6 + 6),
  }));
  const content = cardOf([line(title, "Bolder"), ...body, ...rows]);
  return {
    type: "message",
    attachments: [{ contentType: "application/vnd.microsoft.card.adaptive", content }],
  };
}

function cardOf(body: readonly object[], actions?: readonly object[]) {
  return { type: "AdaptiveCard", version: VERSION, body, actions };
}

function actionOf({ action, label, value, style, form }: ButtonOf) {
  const look = { primary: "positive", danger: "destructive", other: "default" }[style ?? "other"];
  if (form === undefined)
    return { type: "Action.Execute", title: label, verb: action, style: look, data: { value } };
  const send = { type: "Action.Execute", title: form.submit, verb: action, data: { value } };
  return { type: "Action.ShowCard", title: label, style: look, card: cardOf(inputsOf(form), [send]) };
}

function inputsOf({ fields }: ChatForm) {
  return fields.flatMap(({ name, label, value }) => [
    line(label),
    { type: "Input.Text", id: name, isMultiline: true, ...(value === "" ? {} : { value }) },
  ]);
}
