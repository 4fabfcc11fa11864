import type { Agent } from "../../agent/agent.ts";
import { shownEvents, shownThread } from "../../agent/shown-thread.ts";
import { NotFoundError, UsageError } from "../../base/errors.ts";
import { inWords } from "../../present/visible-text.ts";
import { type Thread, threadOf } from "../../thread/thread.ts";
import { decisionTest } from "../../workbench/baml-tests/decision-test.ts";
import type { InboxDeps } from "../deps.ts";
import type { StepView } from "../pages/step.tsx";

/** What the model saw before the event `seq`, and what it wrote. Throws `NotFoundError` if no model was asked. */
export async function stepView(
  deps: Pick<InboxDeps, "runtime" | "model">,
  thread: Thread,
  seq: number,
): Promise<StepView> {
  const event = thread.events[seq - 1];
  const asked = event?.type === "step_proposed" || event?.type === "step_refused" ? event : undefined;
  if (asked?.data.completion === undefined) {
    throw new NotFoundError(`event ${seq} of thread ${thread.id} is no answer of a model`);
  }
  const agent = deps.runtime.agents.get(thread.state.agent);
  const before = threadOf(thread.id, thread.events.slice(0, seq - 1));
  const shown = shownThread(thread, agent);
  const answer = shown.events[seq - 1];
  const completion =
    answer?.type === "step_proposed" || answer?.type === "step_refused" ? answer.data.completion : undefined;
  if (completion === undefined) throw new NotFoundError(`event ${seq} cannot be shown`);
  const readable = shownEvents(thread.events, agent);
  const request =
    agent === undefined ? null : await requestOf(deps, agent, before, asked.data.completion.requestDigest);
  const rendered = agent === undefined ? null : agent.context.render(before);
  return {
    seq,
    heading:
      asked.type === "step_proposed" ? inWords(asked.data.step.intent) : "an answer that was not accepted",
    completion,
    fidelity: asked.type === "step_proposed" ? asked.data.fidelity : null,
    // What only a later event tells to be a secret was not hidden from the model; from people it is.
    rendered: rendered === null ? null : String(readable.json(rendered)),
    test: agent === undefined ? null : testOf(agent, shown, seq),
    // A prompt may get more of the thread than its context redacts.
    request: request === null ? null : { ...request, body: String(readable.json(request.body)) },
  };
}

/** The decision as a BAML test; `null`: its prompt is no BAML function, or BAML cannot hold its arguments. */
function testOf(agent: Agent, { id, events }: Thread, seq: number): string | null {
  try {
    return decisionTest({ id, agent: agent.name, events }, agent, { at: seq }).source;
  } catch (error) {
    if (UsageError.isInstance(error)) return null;
    throw error;
  }
}

/** The request as it would be built today, for a stream if the recorded one was. It is never sent. */
async function requestOf(
  { model }: Pick<InboxDeps, "model">,
  { nextStep }: Agent,
  before: Thread,
  recorded: string,
): Promise<StepView["request"]> {
  const options = { defaultModel: model };
  try {
    const plain = await nextStep.request(before, options);
    const streamed = await nextStep.request(before, { ...options, onPartial: () => {} });
    const request = streamed.digest === recorded ? streamed : plain;
    return { url: request.redactedUrl, body: indent(request.body), same: request.digest === recorded };
  } catch {
    // Without its key a request cannot be built; the page then shows the rendered thread alone.
    return null;
  }
}

function indent(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
