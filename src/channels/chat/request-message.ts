import type { HumanRequest } from "../../humans/request.ts";
import { describeRequest } from "../../present/describe-request.ts";
import { inWords, visible, visibleLine } from "../../present/visible-text.ts";
import type { ButtonOf, ChatForm, ChatMessage, ChatPlatform, FormField } from "./platform.ts";
import { MAX_FIELD } from "./slack-blocks.ts";

/** What a button says: the request, the version of the card, and which choice it is. */
export interface ButtonValue {
  readonly request: string;
  readonly digest: string;
  readonly choice?: number | undefined;
}

/** `<request> <digest> <choice>`: short, so that every platform can hold it. */
export function writeValue({ request, digest, choice }: ButtonValue): string {
  return [request, digest === "" ? "-" : digest, ...(choice === undefined ? [] : [String(choice)])].join(" ");
}

export function readValue(text: string): ButtonValue | undefined {
  const [, request, digest, choice] = /^(\S{1,200}) (\S{1,200})(?: (\d{1,3}))?$/.exec(text) ?? [];
  if (request === undefined || digest === undefined) return undefined;
  return {
    request,
    digest: digest === "-" ? "" : digest,
    choice: choice === undefined ? undefined : Number(choice),
  };
}

/**
 * The card of a request. If the platform cannot show all of it, nothing on it can approve: there is only the way to where all
 * of it is shown.
 */
export function requestMessage(
  request: HumanRequest,
  platform: ChatPlatform,
  link: string | undefined,
): ChatMessage {
  const { title, question, parts, choices } = describeRequest(request);
  const message: ChatMessage = {
    title,
    parts: [
      ...(question === "" ? [] : [{ text: question }]),
      ...parts.map(({ label, text }) => ({ label, text })),
    ],
    buttons: buttonsOf(request, choices),
    link,
  };
  const whole = platform.fit(message);
  if (whole !== undefined) return whole;
  const where = link === undefined ? "in the inbox" : "there";
  return {
    title: visibleLine(title, 140),
    parts: [{ text: `This is too long to be shown here. Look at all of it ${where}, and decide there.` }],
    buttons: [],
    link,
  };
}

function buttonsOf(request: HumanRequest, choices: readonly string[] | null): readonly ButtonOf[] {
  const { id, digest } = request;
  const value = writeValue({ request: id, digest: digest ?? "" });
  const button = (action: string, label: string, style?: ButtonOf["style"]): ButtonOf => ({
    action,
    label,
    value,
    style,
  });
  switch (request.kind) {
    case "approval":
      return [
        button("approve", "Approve", "primary"),
        ...(formFor("approve_edited", request) === undefined
          ? []
          : [button("approve_edited", "Change and approve")]),
        button("deny", "Deny", "danger"),
      ];
    case "question":
      if (choices === null || choices.length > 40) return [button("answer", "Answer", "primary")];
      return choices.map((choice, index) => ({
        action: `choose_${index}`,
        label: visibleLine(choice, 70),
        value: writeValue({ request: id, digest: digest ?? "", choice: index }),
      }));
    case "escalation":
    case "budget":
    case "provider":
      return [
        button("go_on", "Go on", "primary"),
        button("answer", "Tell it how"),
        button("stop", "Stop", "danger"),
      ];
    case "version":
      return [button("go_on", "Go on", "primary"), button("stop", "Stop", "danger")];
    case "unknown_outcome":
      return [
        button("happened", "It happened"),
        button("did_not_happen", "It did not happen"),
        button("give_up", "Give up", "danger"),
      ];
    default:
      return request.kind satisfies never;
  }
}

/** The form that a button opens; `undefined` for a button that decides at once, or if the platform could not hold it. */
export function formFor(action: string, request: HumanRequest): Omit<ChatForm, "meta"> | undefined {
  switch (action) {
    case "deny":
    case "stop":
    case "give_up":
      return {
        title: inWords(action),
        submit: inWords(action),
        fields: [words("feedback", "Why? The agent reads it.")],
      };
    case "answer":
      return { title: "Answer", submit: "Send", fields: [words("text", "Your answer")] };
    case "happened":
      return {
        title: "It happened",
        submit: "Send",
        fields: [{ ...words("result", "Its result, if there is one"), optional: true }],
      };
    case "approve_edited":
      return editForm(request);
    default:
      return undefined;
  }
}

const MAX_EDITED = 20;

function editForm({ card }: HumanRequest): Omit<ChatForm, "meta"> | undefined {
  const given = Object.entries(card?.arguments ?? {});
  const fields = given.map(([name, value]): FormField => {
    const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
    return { name: `arg.${name}`, label: visibleLine(name), value: text, optional: true };
  });
  // What cannot be shown as it is cannot be edited as it is.
  const holds = fields.every(
    ({ name, value }) =>
      value.length <= MAX_FIELD && name.length <= 200 && visible(value) === value.replaceAll("\r\n", "\n"),
  );
  if (fields.length === 0 || fields.length > MAX_EDITED || !holds) return undefined;
  return { title: "Change and approve", submit: "Approve this", fields };
}

function words(name: string, label: string): FormField {
  return { name, label, value: "" };
}
