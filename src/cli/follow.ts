import { requestIdOf, type ThreadId } from "../base/ids.ts";
import { objectionToAnswer } from "../humans/approvers.ts";
import type { People } from "../humans/people.ts";
import { pendingRequest, whyNot } from "../humans/request.ts";
import type { HumanResponse } from "../humans/respond.ts";
import { describeWay } from "../present/describe-way.ts";
import { eventLine } from "../present/event-line.ts";
import { howToAnswer } from "../present/how-to-answer.ts";
import { visible } from "../present/visible-text.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { ThreadEvent } from "../thread/events.ts";
import type { PendingRequest, ThreadState } from "../thread/state.ts";
import type { Thread } from "../thread/thread.ts";
import { EXIT } from "./exit.ts";
import type { Session } from "./session.ts";
import { showCard } from "./show-card.ts";
import { threadJson } from "./thread-json.ts";
import { ANSWERED_ELSEWHERE, type Asking, askUntilAnswered, cameTooLate } from "./until-answered.ts";
import { createWorkingLine } from "./working-line.ts";

/**
 * Advances a thread and shows what happens, until it ends or waits for something that nobody here can give. Asks the
 * person at the terminal if there is one. Returns the exit code.
 */
export async function follow(
  session: Session,
  runtime: Runtime,
  threadId: ThreadId,
  shownUpTo = 0,
): Promise<number> {
  const { terminal, colors, json } = session;
  const working = createWorkingLine(session);
  let shown = shownUpTo;
  const show = (events: readonly ThreadEvent[], state: ThreadState) => {
    if (json) return;
    for (const event of events) {
      // Events of another process are shown in their place, once the thread is read.
      if (event.seq !== shown + 1) continue;
      shown = event.seq;
      const line = eventLine(event, colors, gradesOf(runtime, state.agent));
      if (line !== undefined && event.type !== "finished") working.above(() => terminal.err(line));
    }
    working.moved(state);
  };
  const catchUp = async () => {
    const { events, state } = await runtime.get(threadId);
    show(events, state);
  };
  const unsubscribe = runtime.subscribe((observation) => {
    if (observation.kind === "events" && observation.thread.id === threadId) {
      const [first] = observation.events;
      // If reading fails, waiting for the thread, below, reports it.
      if (first !== undefined && first.seq > shown + 1) void catchUp().catch(() => undefined);
      else show(observation.events, observation.thread.state);
    }
    if (observation.kind === "partial" && observation.threadId === threadId) {
      working.partial(observation.partial);
    }
    if (observation.kind === "elsewhere" && observation.threadId === threadId) {
      const seconds = Math.ceil(observation.claimMs / 1000);
      const what =
        "another process is working on this thread; its outcome will be shown here. If that process was killed, ";
      working.above(() => terminal.err(colors.dim(`${what}work resumes here within ${seconds} seconds.`)));
    }
    if (observation.kind === "problem" && observation.threadId === threadId) {
      const { error } = observation;
      const text = visible(error instanceof Error ? error.message : String(error));
      working.above(() => terminal.err(colors.red(text)));
    }
  });
  const interrupted = new AbortController();
  const onSignal = () => interrupted.abort(new Error("interrupted"));
  process.once("SIGINT", onSignal);
  process.once("SIGTERM", onSignal);
  try {
    await catchUp();
    for (;;) {
      const thread = await runtime.settled(threadId, interrupted.signal);
      show(thread.events, thread.state);
      working.hide();
      const asking = await askingThread(runtime, thread);
      const { request } = asking.state;
      if (request === null || !terminal.interactive || json) return report(session, thread, asking);
      const asked = { runtime, thread: asking, seq: request.seq, signal: interrupted.signal };
      if (!(await decideHere(session, runtime, asked, request))) return report(session, thread, asking);
    }
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    working.hide();
    // In place of the ^C that the terminal shows.
    terminal.status?.("");
    terminal.err(`Interrupted; nothing is lost. To go on: npx twelvefold resume ${threadId}`);
    return EXIT.interrupted;
  } finally {
    working.hide();
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
    unsubscribe();
  }
}

/**
 * Asks the person at the terminal about a request, and decides on it. False if they leave it open. An answer of somebody else
 * that comes first is good as well: what it was is shown with the events.
 */
async function decideHere(
  session: Session,
  runtime: Runtime,
  asked: Asking,
  request: PendingRequest,
): Promise<boolean> {
  const { terminal, colors } = session;
  const response = await askUntilAnswered(asked, (signal) =>
    askPerson(session, { thread: asked.thread, people: runtime.people, request }, signal),
  );
  if (response === undefined) return false;
  if (response === ANSWERED_ELSEWHERE) {
    // Below the question.
    terminal.err(colors.dim("\n  This has been answered elsewhere."));
    return true;
  }
  try {
    await runtime.respond(requestIdOf(asked.thread.id, request.seq), response, session.person);
  } catch (error) {
    if (!(await cameTooLate(error, asked))) throw error;
    terminal.err(colors.yellow("  Somebody else has answered first: this answer does not count."));
  }
  return true;
}

/** Whether it matters how a step was read: not for one that only reads. */
export function gradesOf(runtime: Pick<Runtime, "agents">, agent: string): (intent: string) => boolean {
  const steps = runtime.agents.get(agent)?.steps;
  return (intent) => {
    const step = steps?.get(intent);
    return step === undefined || (step.kind === "tool" && step.options.readOnly !== true);
  };
}

interface Asked {
  readonly thread: Thread;
  readonly request: PendingRequest;
  readonly people: People;
}

/** The person's decision, or `undefined` if they leave the request open. */
async function askPerson(
  session: Session,
  asked: Asked,
  signal: AbortSignal,
): Promise<HumanResponse | undefined> {
  const { terminal, person } = session;
  const { thread, request } = asked;
  const way = describeWay(thread.state.parent?.path ?? [], thread.state.agent);
  if (way !== "") terminal.err(`  ${way}:`);
  if (request.type === "approval") {
    await showCard(session, request);
    const mayNot = whyNotHere(session, asked);
    if (mayNot.approve !== undefined) terminal.err(`  ${mayNot.approve}`);
    if (mayNot.deny !== undefined) return undefined;
    const enter = mayNot.approve === undefined ? "to approve" : "to leave it open";
    const typed = await terminal.ask(`  Press Enter ${enter}, or type feedback to deny: `, signal);
    if (typed === undefined) return undefined;
    const { digest } = request;
    const text = typed.trim();
    if (text === "" && mayNot.approve !== undefined) return undefined;
    if (text === "") return { digest, decision: { kind: "approved" } };
    return { digest, decision: { kind: "denied", feedback: text } };
  }
  switch (request.kind) {
    case "question":
      // It is put to others: nobody here can answer it.
      if (objectionToAnswer(request, person) !== undefined) return undefined;
      return answerQuestion(terminal, request, signal);
    case "escalation":
    case "budget":
    case "provider": {
      const text = await terminal.ask(
        "  Press Enter to go on, type guidance to go on with it, or type 'stop': ",
        signal,
      );
      if (text === undefined) return undefined;
      if (text.trim() === "") return { decision: { kind: "approved" }, digest: null };
      return text.trim().toLowerCase() === "stop"
        ? { decision: { kind: "denied", feedback: "stopped at the terminal" }, digest: null }
        : { decision: { kind: "answered", text: text.trim() } };
    }
    case "version": {
      const text = await terminal.ask(
        "  Press Enter to go on with the new version, or type 'stop': ",
        signal,
      );
      if (text === undefined) return undefined;
      return text.trim() === ""
        ? { decision: { kind: "approved" }, digest: null }
        : { decision: { kind: "denied", feedback: "stopped at the terminal" }, digest: null };
    }
    case "unknown_outcome": {
      terminal.err(`  ${howToAnswer(thread, request).join("\n  ")}`);
      return undefined;
    }
    default:
      return request.kind satisfies never;
  }
}

/** Why the person at the terminal may not decide, before they are asked to. */
function whyNotHere({ person }: Session, { thread, people }: Asked) {
  const request = pendingRequest(thread);
  const why = (decision: "approved" | "denied") =>
    request === null ? undefined : whyNot(request, person, decision, people)?.message;
  return { approve: why("approved"), deny: why("denied") };
}

async function answerQuestion(
  terminal: Session["terminal"],
  request: Extract<PendingRequest, { type: "question" }>,
  signal: AbortSignal,
): Promise<HumanResponse | undefined> {
  const { format, choices = [] } = request.options ?? {};
  const valid = format === "yes_no" ? ["yes", "no"] : format === "multiple_choice" ? choices : [];
  for (;;) {
    const text = await terminal.ask(valid.length === 0 ? "  > " : `  (${valid.join(" / ")}) > `, signal);
    if (text === undefined) return undefined;
    const answer = text.trim();
    const fits = valid.length === 0 || valid.some((choice) => choice.toLowerCase() === answer.toLowerCase());
    if (answer !== "" && fits) return { decision: { kind: "answered", text: answer } };
  }
}

/** The thread that asks: one that works for this one, if that waits for it. */
async function askingThread(runtime: Runtime, thread: Thread): Promise<Thread> {
  if (thread.state.status.kind !== "awaiting_child") return thread;
  const [below] = await runtime.requestsBelow(thread);
  return below === undefined ? thread : runtime.get(below.threadId);
}

async function report(session: Session, thread: Thread, asking: Thread): Promise<number> {
  const { terminal, json } = session;
  const { status } = thread.state;
  const { request } = asking.state;
  if (json) terminal.out(JSON.stringify(threadJson(thread), null, 2));
  else if (status.kind === "finished") {
    terminal.out(visible(typeof status.result === "string" ? status.result : JSON.stringify(status.result)));
  } else {
    // Whoever was asked has seen it.
    if (!terminal.interactive) await showCard(session, request);
    const { people } = await session.runtime();
    const lines =
      request === null ? [`thread ${thread.id} is ${status.kind}`] : howToAnswer(asking, request, people);
    for (const line of lines) terminal.out(line);
  }
  return status.kind === "failed" ? EXIT.failed : EXIT.ok;
}
