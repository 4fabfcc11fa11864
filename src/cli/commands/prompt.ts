import type { Agent } from "../../agent/agent.ts";
import { NotFoundError, UsageError } from "../../base/errors.ts";
import { isJsonArray, isJsonObject, type Json } from "../../base/json.ts";
import { loadTokenCounter } from "../../context/budget/tokens.ts";
import { visible, visibleLine } from "../../present/visible-text.ts";
import { localModel, selectModel } from "../../prompts/models/select-model.ts";
import type { ModelChoice, PreparedRequest } from "../../prompts/types.ts";
import { appendEvents, startThread, type Thread, threadOf } from "../../thread/thread.ts";
import { EXIT } from "../exit.ts";
import { findThread } from "../find-thread.ts";
import type { Session } from "../session.ts";
import { printRaw } from "../terminal.ts";

export interface PromptOptions {
  readonly thread?: string;
  readonly at?: number;
  readonly raw?: boolean;
}

/** `twelvefold prompt <agent> [message…]`: prints the exact request that the model would get next. Sends nothing. */
export async function prompt(
  session: Session,
  agentName: string,
  words: readonly string[],
  options: PromptOptions,
): Promise<number> {
  const { terminal, colors: c, json } = session;
  const agent = (await session.config()).agents.find(({ name }) => name === agentName);
  if (agent === undefined) throw new NotFoundError(`there is no agent "${agentName}"`, { agent: agentName });
  await session.requireFreshClient();
  const { thread, recorded } = await threadFor(session, agent, words, options);
  const plan = await agent.context.plan(thread);
  const request = await requestFor(session, agent, thread, recorded);
  const asSent = recorded === undefined ? undefined : request.digest === recorded;
  if (options.raw === true) {
    printRaw(terminal, request.body);
    return EXIT.ok;
  }
  const tokens = (await loadTokenCounter())(request.body);
  if (json) {
    const { client, method, redactedUrl, redactedHeaders, body, digest } = request;
    const facts = { client, method, url: redactedUrl, headers: redactedHeaders, body, digest, tokens };
    terminal.out(JSON.stringify({ ...facts, compactFirst: plan.kind !== "ready", asSent }, null, 2));
    return EXIT.ok;
  }
  for (const line of requestLines(request, session)) terminal.out(line);
  terminal.err(c.dim(`about ${tokens} tokens (an estimate), digest ${request.digest}; nothing was sent`));
  if (plan.kind !== "ready") {
    terminal.err(c.yellow("the thread is over its token budget: it would be compacted before the call"));
  }
  if (asSent === true) terminal.err(c.dim("exactly this was sent at that point"));
  if (asSent === false) {
    terminal.err(
      c.yellow(
        "a different request was sent at that point: the model, prompt, settings or code have changed since",
      ),
    );
  }
  return EXIT.ok;
}

/** The request as it would be sent now, streamed if the recorded decision was. */
async function requestFor(
  session: Session,
  agent: Agent,
  thread: Thread,
  recorded: string | undefined,
): Promise<PreparedRequest> {
  const model = await modelOf(session);
  const request = await agent.nextStep.request(thread, { defaultModel: model });
  if (recorded === undefined || request.digest === recorded) return request;
  const streamed = await agent.nextStep.request(thread, { defaultModel: model, onPartial: () => {} });
  return streamed.digest === recorded ? streamed : request;
}

/** `recorded` is the digest of the request that was sent when the thread was in this state, if one was. */
async function threadFor(
  session: Session,
  agent: Agent,
  words: readonly string[],
  { thread: id, at }: PromptOptions,
): Promise<{ readonly thread: Thread; readonly recorded?: string }> {
  if (id === undefined) {
    if (at !== undefined) throw new UsageError("invalid_argument", "--at needs --thread");
    const { channel, id: personId } = session.person;
    const text = words.length === 0 ? "(your message goes here)" : words.join(" ");
    const message = { type: "message_received", data: { text, from: { channel, id: personId } } } as const;
    return { thread: appendEvents(startThread({ agent: agent.name }, 0), [message], 0) };
  }
  if (words.length > 0) throw new UsageError("invalid_argument", "give a message or --thread, not both");
  const threadId = await findThread(session, id);
  const events = await (await session.store()).read(threadId);
  const last = at ?? events.length;
  if (last < 1 || last > events.length) {
    throw new UsageError("invalid_argument", `--at takes an event from 1 to ${events.length}, not ${at}`);
  }
  const thread = threadOf(threadId, events.slice(0, last));
  if (thread.state.agent !== agent.name) {
    throw new UsageError("invalid_argument", `${threadId} is a thread of ${visibleLine(thread.state.agent)}`);
  }
  const next = events[last];
  const answered =
    next?.type === "step_proposed" || next?.type === "step_refused" ? next.data.completion : undefined;
  return answered === undefined ? { thread } : { thread, recorded: answered.requestDigest };
}

/** The configured model, else the offline model, which need not run because nothing is sent. */
async function modelOf({ env }: Session): Promise<ModelChoice> {
  const selected = selectModel(env);
  if (selected.kind === "configured") return selected.choice;
  const { OFFLINE_MODEL_NAME } = await import("../../model/offline/offline-model.ts");
  return localModel(OFFLINE_MODEL_NAME, "http://127.0.0.1");
}

/** Messages as text, everything else as JSON. Keys are not shown. */
function requestLines(request: PreparedRequest, { colors: c }: Session): string[] {
  const headers = Object.entries(request.redactedHeaders).map(([name, value]) =>
    c.dim(`${visibleLine(name)}: ${visibleLine(value)}`),
  );
  const body: Json = JSON.parse(request.body);
  const { rest, messages } = split(body);
  return [
    c.bold(`${request.method} ${visibleLine(request.redactedUrl)}`),
    ...headers,
    visible(JSON.stringify(rest, null, 2)),
    ...messages.flatMap(({ role, text }) => [
      "",
      c.cyan(`─── ${visibleLine(role)} ───`),
      notHeading(visible(text)),
    ]),
  ];
}

/** Keeps a text from looking like the heading of another message; `--raw` shows it unchanged. */
function notHeading(text: string): string {
  return text.replace(/^─/gm, " ─");
}

interface Shown {
  readonly rest: Json;
  readonly messages: readonly { readonly role: string; readonly text: string }[];
}

/** The chat messages in a body of any provider's shape: `messages`, `contents` or `input`. */
function split(body: Json): Shown {
  if (!isJsonObject(body)) return { rest: body, messages: [] };
  const { messages, contents, input, ...rest } = body;
  const list = [messages, contents, input].find((value) => value !== undefined && isJsonArray(value));
  if (list === undefined || !isJsonArray(list)) return { rest: body, messages: [] };
  return { rest, messages: list.map(shownMessage) };
}

function shownMessage(message: Json): Shown["messages"][number] {
  if (!isJsonObject(message)) return { role: "?", text: JSON.stringify(message) };
  const { role, content, parts } = message;
  return { role: typeof role === "string" ? role : "?", text: textOf(content ?? parts ?? null) };
}

function textOf(content: Json): string {
  if (typeof content === "string") return content;
  if (isJsonArray(content)) return content.map(textOf).join("\n");
  if (isJsonObject(content) && typeof content.text === "string") return content.text;
  return JSON.stringify(content);
}
