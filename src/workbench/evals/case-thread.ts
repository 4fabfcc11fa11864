import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Agent } from "../../agent/agent.ts";
import { appendToThread } from "../../agent/to-store.ts";
import { TwelvefoldError, UsageError } from "../../base/errors.ts";
import { callIdAt, parseThreadId, randomThreadId, type ThreadId } from "../../base/ids.ts";
import { isJsonArray, isJsonObject, type Json, parseJson } from "../../base/json.ts";
import { decide } from "../../loop/decide.ts";
import type { NewEvent, Principal } from "../../thread/events.ts";
import { parseEvents } from "../../thread/stored-event.ts";
import { startThread, type Thread, threadOf } from "../../thread/thread.ts";
import type { EvalCase, Happening } from "./dataset.ts";

/** Who speaks in cases that are written short. */
const PERSON: Principal = { channel: "eval", id: "person" };
const OTHER: Principal = { channel: "eval", id: "approver" };

/** Every case has the same id, so that the same case makes the same request. */
const CASE_THREAD: ThreadId = parseThreadId("thr_eval") ?? randomThreadId();

/**
 * The thread of a case, up to where the model is asked. Throws `UsageError` with file and line where it is none, or where
 * the engine would do something else than ask the model.
 */
export function threadOfCase(one: EvalCase, agent: Agent, folder: string): Thread {
  const { file, line } = one;
  const refusal = (message: string, cause?: unknown) =>
    new UsageError("invalid_argument", `${file}:${line}: ${message}`, { cause, details: { file, line } });
  let thread: Thread;
  try {
    thread = build(one, agent, folder);
  } catch (error) {
    throw refusal(error instanceof Error ? error.message : String(error), error);
  }
  if (thread.state.agent !== agent.name)
    throw refusal(`the thread is one of agent ${thread.state.agent}, not ${agent.name}`);
  // A case is about the agent as it is now.
  const { type } = decide(thread, { ...agent, onVersionChange: "float" });
  // What would be fetched first is given by the case, or left out.
  if (type === "ask_model" || type === "prefetch") return thread;
  throw refusal(
    `the model would not be asked here: the thread is ${thread.state.status.kind}, and what comes next is ${type}`,
  );
}

function build(one: EvalCase, agent: Agent, folder: string): Thread {
  const { message, thread, events, at } = one;
  if (typeof thread === "string") return readExport(resolve(folder, dirname(one.file), thread), at);
  if (events !== undefined) return readThread(CASE_THREAD, events, at);
  const happenings = thread ?? [{ message: message ?? "" }];
  const start = startThread({ agent: one.agent }, 0, CASE_THREAD);
  return happenings.reduce((so, happening) => append(so, happening, agent), start);
}

function readExport(path: string, at: number | undefined): Thread {
  const json = parseJson(readFileSync(path, "utf8"));
  const events = isJsonObject(json) ? json["events"] : undefined;
  if (events === undefined || !isJsonArray(events))
    throw new Error(`${path} is no export of a thread (twelvefold show <thread> --as json)`);
  return readThread(CASE_THREAD, events, at);
}

function readThread(id: ThreadId, values: readonly Json[], at: number | undefined): Thread {
  const events = parseEvents(id, values);
  if (at !== undefined && at > events.length)
    throw new Error(`there is no event ${at}: the thread has ${events.length}`);
  return threadOf(id, events.slice(0, at ?? events.length));
}

function append(thread: Thread, happening: Happening, agent: Agent): Thread {
  try {
    return appendToThread(thread, eventsOf(thread, happening), { agent, now: 0 });
  } catch (error) {
    if (!TwelvefoldError.isInstance(error)) throw error;
    throw new UsageError(
      "invalid_argument",
      `${JSON.stringify(happening).slice(0, 120)} cannot happen here: ${error.message}`,
    );
  }
}

function eventsOf(thread: Thread, happening: Happening): NewEvent[] {
  const { message, event, payload = null, prefetched, result = null, step } = happening;
  if (message !== undefined) return [{ type: "message_received", data: { text: message, from: PERSON } }];
  if (event !== undefined)
    return [{ type: "event_received", data: { name: event, source: "eval", payload, from: PERSON } }];
  if (prefetched !== undefined) {
    const outcome = { kind: "result", result } as const;
    return [{ type: "prefetched", data: { name: prefetched, arguments: {}, outcome, as: "call" } }];
  }
  return step === undefined ? [] : stepEvents(thread, step, happening);
}

type StepOfCase = NonNullable<Happening["step"]>;

function stepEvents(thread: Thread, step: StepOfCase, happening: Happening): NewEvent[] {
  const seq = thread.state.seq + 1;
  const callId = callIdAt(seq);
  const completion = {
    raw: JSON.stringify(step),
    client: "eval",
    usage: null,
    durationMs: 0,
    requestDigest: "",
  };
  const fidelity = { grade: "exact", reasons: [] } as const;
  const proposed: NewEvent = { type: "step_proposed", data: { callId, step, fidelity, completion } };
  const { result, error, answer, denied, finished } = happening;
  const started: NewEvent = {
    type: "tool_started",
    data: { callId, intent: step.intent, key: `${thread.id}:${callId}`, attempt: 1 },
  };
  if (answer !== undefined) {
    const question = typeof step["message"] === "string" ? step["message"] : "";
    return [
      proposed,
      { type: "human_asked", data: { kind: "question", question, callId } },
      makeResponse(seq + 1, callId, { kind: "answered", text: answer }),
    ];
  }
  if (denied !== undefined) {
    const { intent, ...fields } = step;
    const card = { title: intent, intent, arguments: fields, reasons: [{ kind: "policy" }] } as const;
    return [
      proposed,
      { type: "approval_requested", data: { callId, card, policy: {}, digest: NO_DIGEST } },
      makeResponse(seq + 1, callId, { kind: "denied", feedback: denied }),
    ];
  }
  if (error !== undefined) {
    return [
      proposed,
      started,
      { type: "tool_failed", data: { callId, error: { name: "Error", message: error } } },
    ];
  }
  if (finished !== undefined) return [proposed, { type: "finished", data: { result: finished, callId } }];
  return [proposed, started, { type: "tool_finished", data: { callId, result: result ?? null } }];
}

/** Nothing was approved: no card is bound. */
const NO_DIGEST = "";

function makeResponse(
  request: number,
  callId: ReturnType<typeof callIdAt>,
  decision: Extract<NewEvent, { type: "human_responded" }>["data"]["decision"],
): NewEvent {
  return { type: "human_responded", data: { request, callId, digest: NO_DIGEST, decision, by: OTHER } };
}
