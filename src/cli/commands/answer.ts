import { ConflictError, UsageError } from "../../base/errors.ts";
import { parseRequestId, type RequestId, requestIdOf } from "../../base/ids.ts";
import { isJsonObject, type Json, toJson } from "../../base/json.ts";
import { parseExactJson } from "../../base/json-numbers.ts";
import type { HumanDecision, Step } from "../../thread/events.ts";
import type { PendingRequest } from "../../thread/state.ts";
import type { Thread } from "../../thread/thread.ts";
import { EXIT } from "../exit.ts";
import { findThread } from "../find-thread.ts";
import { follow } from "../follow.ts";
import type { Session } from "../session.ts";
import { showCard } from "../show-card.ts";

interface Target {
  readonly thread: Thread;
  readonly seq: number;
  readonly request: PendingRequest | null;
}

/** The request that an id stands for: a request's own id, or a thread's id for the request pending there. */
async function target(session: Session, id: string): Promise<Target> {
  const threadId = await findThread(session, id);
  const thread = await (await session.runtime()).get(threadId);
  const { request, status } = thread.state;
  const seq = parseRequestId(id)?.seq ?? request?.seq;
  if (seq === undefined) {
    throw new ConflictError("conflict", `thread ${threadId} is ${status.kind}: nothing waits for a person`);
  }
  return { thread, seq, request: request?.seq === seq ? request : null };
}

async function decide(
  session: Session,
  { thread, seq, request }: Target,
  decision: HumanDecision,
  digest: string | undefined,
): Promise<number> {
  const shown = request?.type === "approval" ? request.digest : undefined;
  const response = { decision, digest: digest ?? shown ?? null };
  const runtime = await session.runtimeWithModel();
  const decided = await runtime.respond(requestIdOf(thread.id, seq), response, session.person);
  return follow(session, runtime, thread.id, decided.state.seq);
}

export interface ApproveOptions {
  readonly digest?: string;
  readonly edit?: string;
}

/**
 * Asks whoever is at the terminal to confirm the card shown now, because a thread's id does not say which card they
 * have seen. Throws `UsageError` if nobody can be asked.
 */
async function confirm({ terminal, json }: Session, requestId: RequestId): Promise<boolean> {
  if (!terminal.interactive || json) {
    const message = `a thread's id does not say which request you mean, and nobody can be asked here; approve by the request's id: npx twelvefold approve ${requestId}`;
    throw new UsageError("invalid_argument", message, { details: { requestId } });
  }
  const answer = await terminal.ask("  Approve this? Type yes: ");
  if (answer !== undefined && /^y(es)?$/i.test(answer.trim())) return true;
  terminal.out(`nothing was decided; to approve it: npx twelvefold approve ${requestId}`);
  return false;
}

/** `twelvefold approve <id>` */
export async function approve(session: Session, id: string, options: ApproveOptions): Promise<number> {
  const found = await target(session, id);
  const { request } = found;
  if (!session.json) await showCard(session, request);
  if (request?.type === "approval" && parseRequestId(id) === undefined && options.digest === undefined) {
    if (!(await confirm(session, requestIdOf(found.thread.id, request.seq)))) return EXIT.ok;
  }
  if (options.edit === undefined) return decide(session, found, { kind: "approved" }, options.digest);
  if (request?.type !== "approval")
    throw new UsageError("invalid_argument", "--edit works only on a step that waits for approval");
  const edited = readJson(options.edit, "--edit");
  if (!isJsonObject(edited))
    throw new UsageError("invalid_argument", "--edit takes a JSON object with the changed fields");
  const editedStep: Step = { ...request.card.arguments, ...edited, intent: request.card.intent };
  return decide(session, found, { kind: "approved", editedStep }, options.digest);
}

/** `twelvefold deny <id> [feedback…]` */
export async function deny(
  session: Session,
  id: string,
  words: readonly string[],
  { digest, option }: { readonly digest?: string; readonly option?: string },
): Promise<number> {
  const feedback = words.join(" ").trim();
  return decide(session, await target(session, id), { kind: "denied", feedback, option }, digest);
}

export interface AnswerOptions {
  readonly happened?: string;
  readonly didNotHappen?: boolean;
}

/** `twelvefold answer <id> [text…]` */
export async function answer(
  session: Session,
  id: string,
  words: readonly string[],
  options: AnswerOptions,
): Promise<number> {
  const text = words.join(" ").trim();
  const ways = [text !== "", options.happened !== undefined, options.didNotHappen === true].filter(
    Boolean,
  ).length;
  if (ways !== 1)
    throw new UsageError("invalid_argument", "give one of: a text, --happened <json>, --did-not-happen");
  const decision: HumanDecision =
    options.happened !== undefined
      ? { kind: "happened", result: readJson(options.happened, "--happened") }
      : options.didNotHappen === true
        ? { kind: "did_not_happen" }
        : { kind: "answered", text };
  return decide(session, await target(session, id), decision, undefined);
}

function readJson(text: string, what: string): Json {
  try {
    return toJson(parseExactJson(text));
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError("invalid_argument", `${what}: ${error.message}`);
    throw new UsageError("invalid_argument", `${what} takes JSON; ${text} is not`, { cause: error });
  }
}
