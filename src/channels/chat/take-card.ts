import { z } from "zod";
import { shownThread } from "../../agent/shown-thread.ts";
import { TwelvefoldError } from "../../base/errors.ts";
import { parseRequestId, requestIdOf } from "../../base/ids.ts";
import { type HumanRequest, requestOf } from "../../humans/request.ts";
import { describeRequest } from "../../present/describe-request.ts";
import { visibleLine } from "../../present/visible-text.ts";
import { respondOnce } from "../../runtime/respond-once.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { type FormFields, responseOf } from "../../steps/form-decision.ts";
import { dropDelivery } from "../inbound.ts";
import { isAmong } from "./cards.ts";
import { type ChatContext, done, personOf, readLooseJson, tell } from "./context.ts";
import { readFormButton, writeFormButton } from "./form-button.ts";
import type { ChatAnswer, ChatClick, ChatPerson, ChatText, FormButton, PostedMessage } from "./platform.ts";
import { type ButtonValue, formFor, readValue } from "./request-message.ts";

/** The value of a button, if it is one of ours. */
function valueBehind({ value }: FormButton, runtime: Runtime, { cards }: ChatContext) {
  return readValue(value, (short) => cards.findValue(short, runtime.store));
}

/** The request that a button or form is about, if this very card of it was posted here and nothing has changed. */
async function cardCase(
  value: ButtonValue,
  message: PostedMessage,
  runtime: Runtime,
  context: ChatContext,
): Promise<HumanRequest | string> {
  const { threadId, seq } = parseRequestId(value.request) ?? {};
  if (threadId === undefined || seq === undefined) return "This is no card of a request.";
  if (!isAmong(await context.cards.read(value.request, runtime.store), message))
    return dropStray(value, message, runtime, context);
  try {
    const thread = await runtime.get(threadId);
    // A form begins with what the card shows.
    const shown = shownThread(thread, runtime.agents.get(thread.state.agent));
    const request = requestOf(shown, requestIdOf(threadId, seq));
    return (request.digest ?? "") === value.digest
      ? request
      : "This is an older version of the card: look at the newer one.";
  } catch (error) {
    if (!TwelvefoldError.isInstance(error) || error.code === "storage_failed") throw error;
    return "This has been decided already.";
  }
}

/**
 * A card that nobody has noted down, such as one of a process that died right after it was posted, decides nothing: once another one
 * is noted down, or the request is closed, this one loses its buttons. Resolves with why it decides nothing.
 */
async function dropStray(
  { request: requestId }: ButtonValue,
  message: PostedMessage,
  runtime: Runtime,
  { cards, name, platform, later }: ChatContext,
): Promise<string> {
  const unknown = "This is no card of that request.";
  const { threadId, seq } = parseRequestId(requestId) ?? {};
  if (threadId === undefined || !(await cards.mayHaveStrays(requestId, runtime.store))) return unknown;
  const { request } = await runtime.store.state(threadId);
  const isPending = request !== null && request.seq === seq;
  // It may be the very card that is being posted.
  if (isPending && request.deliveries[name]?.ok !== true) return unknown;
  const words = isPending ? `${unknown} Look at the newer one.` : "This has been decided already.";
  const drop = async () => {
    if (isAmong(await cards.read(requestId, runtime.store), message)) return;
    await platform.update(message, {
      title: "This card decides nothing",
      parts: [{ text: words }],
      buttons: [],
    });
  };
  later(drop());
  return words;
}

export async function takeClick(click: ChatClick, runtime: Runtime, context: ChatContext): Promise<Response> {
  const value = await valueBehind(click, runtime, context);
  if (value === undefined) return dropDelivery("the button is not one of ours");
  const request = await cardCase(value, click.message, runtime, context);
  if (typeof request === "string") return tell(click, request, context);
  const { platform } = context;
  const form = formFor(click.action, request, platform.limits);
  if (form !== undefined) {
    const opened = await platform.openForm(click, form);
    if (opened instanceof Response) return opened;
    await notePrompt(opened, { click, field: form.fields[0]?.name ?? "" }, { request, runtime, context });
    return done(click, context);
  }
  const fields = fieldsOf(click.action, value, request);
  const problem = await decide(fields, { request, from: click.from }, runtime, context);
  return problem === undefined ? done(click, context) : tell(click, problem, context);
}

function fieldsOf(action: string, { choice, digest }: ButtonValue, request: HumanRequest): FormFields {
  const about = digest === "" ? {} : { digest };
  if (choice === undefined) return { decision: action, ...about };
  return { decision: "answer", text: choicesOf(request)[choice] ?? "", ...about };
}

function choicesOf({ asked }: HumanRequest): readonly string[] {
  if (asked.type === "approval") return [];
  const { format, choices = [] } = asked.options ?? {};
  return format === "yes_no" ? ["yes", "no"] : choices;
}

export async function takeForm(form: ChatAnswer, runtime: Runtime, context: ChatContext): Promise<Response> {
  const { button, from } = form;
  const value = await valueBehind(button, runtime, context);
  if (value === undefined) return dropDelivery("the form is not one of ours");
  const request = await cardCase(value, button.message, runtime, context);
  if (typeof request === "string") return tell(form, request, context);
  const fields = {
    ...form.fields,
    decision: button.action,
    ...(value.digest === "" ? {} : { digest: value.digest }),
  };
  const problem = await decide(fields, { request, from }, runtime, context);
  return problem === undefined ? done(form, context) : tell(form, problem, context);
}

const promptSchema = z.object({ button: z.string(), field: z.string() });

function promptKey(name: string, { team, channel, id }: PostedMessage): string {
  return `chat:${name}:prompt:${JSON.stringify([team, channel, id])}`;
}

/** Notes down that a reply to this message is a form's only field. */
async function notePrompt(
  prompt: PostedMessage,
  { click, field }: { readonly click: ChatClick; readonly field: string },
  { request, runtime, context }: { request: HumanRequest; runtime: Runtime; context: ChatContext },
): Promise<void> {
  const note = JSON.stringify({ button: writeFormButton(click), field });
  const about = request.threadId;
  await runtime.store.setValue(promptKey(context.name, prompt), note, undefined, { about });
}

/** The form that a message is, because it replies to a message that asked for it. */
export async function formIn(
  message: ChatText,
  runtime: Runtime,
  { name }: ChatContext,
): Promise<ChatAnswer | undefined> {
  if (message.repliesTo === undefined) return undefined;
  const prompt = { ...message.place, id: message.repliesTo };
  const noted = promptSchema.safeParse(
    readLooseJson((await runtime.store.getValue(promptKey(name, prompt))) ?? ""),
  );
  const button = noted.success ? readFormButton(noted.data.button) : undefined;
  if (!noted.success || button === undefined) return undefined;
  return { kind: "form", from: message.from, button, fields: { [noted.data.field]: message.text } };
}

/** Decides, and says what stood against it, if anything did. */
async function decide(
  fields: FormFields,
  { request, from }: { readonly request: HumanRequest; readonly from: ChatPerson },
  runtime: Runtime,
  { platform }: ChatContext,
): Promise<string | undefined> {
  try {
    const response = responseOf(request.asked, fields);
    await respondOnce(runtime, { requestId: request.id, response, by: personOf(platform, from) });
    return undefined;
  } catch (error) {
    if (!TwelvefoldError.isInstance(error) || error.code === "storage_failed") throw error;
    return `${describeRequest(request).title}: ${visibleLine(error.message, 500)}`;
  }
}
