import { sha256 } from "../../base/digest.ts";
import type { People } from "../../humans/people.ts";
import type { HumanRequest } from "../../humans/request.ts";
import { describeRequest } from "../../present/describe-request.ts";
import { inWords, visible, visibleLine } from "../../present/visible-text.ts";
import { markLines } from "../part-line.ts";
import type { ButtonOf, ChatForm, ChatLimits, ChatMessage, ChatPlatform, FormField } from "./platform.ts";

/** What a button says: the request, the version of the card, and which choice it is. */
export interface ButtonValue {
  readonly request: string;
  readonly digest: string;
  readonly choice?: number | undefined;
}

/** What the buttons of a card have in common: `<request> <digest>`. */
export function writeValue({ id, digest }: Pick<HumanRequest, "id" | "digest">): string {
  return `${id} ${digest ?? "-"}`;
}

/** Stands for it where a button cannot hold it. */
export function shortValue(request: Pick<HumanRequest, "id" | "digest">): string {
  return `~${sha256(writeValue(request)).slice(0, 32)}`;
}

/** Reads the value of a button; `find` knows what a short one stands for. */
export async function readValue(
  text: string,
  find: (short: string) => Promise<string | undefined>,
): Promise<ButtonValue | undefined> {
  const [, short, choiceOfShort = ""] = /^(~[0-9a-f]{32})( \d{1,3})?$/.exec(text) ?? [];
  const whole = short === undefined ? text : `${(await find(short)) ?? ""}${choiceOfShort}`;
  const [, request, digest, choice] = /^(\S{1,200}) (\S{1,200})(?: (\d{1,3}))?$/.exec(whole) ?? [];
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
  people?: People,
): ChatMessage {
  const { title, parts, choices } = partsOf(request, people);
  const { limits } = platform;
  const where = link === undefined ? "in the inbox" : "at the link";
  const isFixed =
    Object.keys(request.card?.arguments ?? {}).length > 0 &&
    formFor("approve_edited", request, limits) === undefined;
  const message: ChatMessage = {
    title,
    parts: [...parts, ...(isFixed ? [{ text: `What would run can be changed only ${where}.` }] : [])],
    buttons: buttonsOf(request, choices, limits),
    link,
  };
  if (platform.fits(message)) return message;
  return {
    title: visibleLine(title, 140),
    parts: [{ text: `This is too long to be shown here. Look at all of it ${where}, and decide there.` }],
    buttons: [],
    link,
  };
}

/** The card once it is closed: `words` say how. */
export function closedMessage(
  request: HumanRequest,
  platform: ChatPlatform,
  words: string,
  people?: People,
): ChatMessage {
  const { title, parts } = partsOf(request, people);
  const message = { title, parts: [...parts, { text: words }], buttons: [] };
  if (platform.fits(message)) return message;
  return { title: visibleLine(title, 140), parts: [{ text: visibleLine(words, 1_000) }], buttons: [] };
}

function partsOf(request: HumanRequest, people?: People) {
  const { title, question, parts, choices } = describeRequest(request, people);
  const all: ChatMessage["parts"] = [
    ...(question === "" ? [] : [{ text: markLines(question) }]),
    ...parts.map(({ label, text }) => ({ label, text })),
  ];
  return { title, parts: all, choices };
}

function buttonsOf(
  request: HumanRequest,
  choices: readonly string[] | null,
  limits: ChatLimits,
): readonly ButtonOf[] {
  const value = limits.longValues ? writeValue(request) : shortValue(request);
  const button = (action: string, label: string, style?: ButtonOf["style"]): ButtonOf => ({
    action,
    label,
    value,
    style,
    form: formFor(action, request, limits),
  });
  switch (request.kind) {
    case "approval":
      return [
        button("approve", "Approve", "primary"),
        ...(formFor("approve_edited", request, limits) === undefined
          ? []
          : [button("approve_edited", "Change and approve")]),
        button("deny", "Deny", "danger"),
      ];
    case "question":
      if (choices === null || choices.length > limits.buttons) return [button("answer", "Answer", "primary")];
      return choices.map((choice, index) => ({
        action: `choose_${index}`,
        label: visibleLine(choice, 70),
        value: `${value} ${index}`,
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
export function formFor(action: string, request: HumanRequest, limits: ChatLimits): ChatForm | undefined {
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
      return editForm(request, limits);
    default:
      return undefined;
  }
}

function editForm({ card }: HumanRequest, limits: ChatLimits): ChatForm | undefined {
  const given = Object.entries(card?.arguments ?? {});
  const fields = given.map(([name, value]): FormField => {
    const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
    return { name: `arg.${name}`, label: visibleLine(name), value: text, optional: true };
  });
  // What cannot be shown as it is cannot be edited as it is.
  const holds = fields.every(
    ({ name, value }) =>
      value.length <= limits.fieldText &&
      name.length <= 200 &&
      visible(value) === value.replaceAll("\r\n", "\n"),
  );
  if (fields.length === 0 || fields.length > limits.fields || !holds) return undefined;
  return { title: "Change and approve", submit: "Approve this", fields };
}

function words(name: string, label: string): FormField {
  return { name, label, value: "" };
}
