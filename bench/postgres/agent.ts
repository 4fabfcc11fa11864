import { type Agent, defineAgent, finish, type NextStepFunction, tool } from "../../src/index.ts";

type PlannedStep = { intent: "add"; a: number } | { intent: "done" };

/** An agent whose model is a function that looks at the thread: additions, as many as its message says, then the end. */
export function plannedAgent(): Agent {
  const next: NextStepFunction<[left: number], PlannedStep> = {
    name: "Planned",
    version: "1",
    async call([left]) {
      const value: PlannedStep = left > 0 ? { intent: "add", a: left } : { intent: "done" };
      const completion = { raw: "{}", client: "instant", usage: null, durationMs: 0, requestDigest: "" };
      return { ok: true, value, fidelity: { grade: "exact", reasons: [] }, more: [], completion };
    },
    request: () => Promise.reject(new Error("not asked for")),
    parse: () => {
      throw new Error("not asked for");
    },
  };
  return defineAgent<[left: number], PlannedStep>(next, {
    name: "planned",
    budget: { steps: 1_000_000 },
    input: ({ thread: { events } }) => {
      const message = events.find((event) => event.type === "message_received");
      const wanted = message?.type === "message_received" ? Number(message.data.text) : 0;
      return [wanted - events.filter(({ type }) => type === "step_proposed").length];
    },
    steps: { add: tool(({ a }) => a + 1, { readOnly: true }), done: finish(() => "added") },
  });
}
