import { type Agent, defineAgent, type NextStepFunction } from "../../agent/agent.ts";
import { askHuman, finish, sleep, tool } from "../../steps/steps.ts";
import type { ThreadEvent } from "../../thread/events.ts";

type Step = { intent: "work" } | { intent: "ask" } | { intent: "nap" } | { intent: "done" };
const INTENTS = ["work", "ask", "nap", "done"] as const;

/** What a thread of the contract does, told by its messages: "work ask work done". */
export interface PlannedAgent {
  readonly agent: Agent;
  /** The keys of the calls of `work` that were run, over all processes that share this agent. */
  readonly ran: readonly string[];
}

/** `onWork` is called while `work` runs. */
export function plannedAgent(
  onWork: (signal: AbortSignal) => Promise<unknown> = async () => {},
): PlannedAgent {
  const ran: string[] = [];
  const nextStep: NextStepFunction<[plan: readonly string[]], Step> = {
    name: "FollowThePlan",
    version: "1",
    async call([plan]) {
      const intent = INTENTS.find((known) => known === plan[0]) ?? "done";
      const completion = { raw: intent, client: "plan", usage: null, durationMs: 0, requestDigest: "" };
      return { ok: true, value: { intent }, fidelity: { grade: "exact", reasons: [] }, more: [], completion };
    },
    request: () => Promise.reject(new Error("not asked for")),
    parse: () => {
      throw new Error("not asked for");
    },
  };
  const agent = defineAgent<[plan: readonly string[]], Step>(nextStep, {
    name: "planned",
    input: ({ thread }) => [planLeft(thread.events)],
    steps: {
      work: tool(async (_step, { key, signal }) => {
        ran.push(key);
        await onWork(signal);
        return "worked";
      }),
      ask: askHuman(() => "Go on?"),
      nap: sleep(() => ({ seconds: 0.02 })),
      done: finish(() => "done"),
    },
  });
  return { agent, ran };
}

function planLeft(events: readonly ThreadEvent[]): readonly string[] {
  const plan = events.flatMap((event) =>
    event.type === "message_received" ? event.data.text.split(" ") : [],
  );
  return plan.slice(events.filter(({ type }) => type === "step_proposed").length);
}
