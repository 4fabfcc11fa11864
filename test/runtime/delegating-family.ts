import { type Agent, defineAgent } from "../../src/agent/agent.ts";
import { ConflictError } from "../../src/base/errors.ts";
import { requestIdOf, type ThreadId } from "../../src/base/ids.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { askHuman, delegate, finish, tool } from "../../src/steps/steps.ts";
import { type ScriptedAnswer, scriptedSteps } from "../../src/testing/scripted-steps.ts";
import type { Thread } from "../../src/thread/thread.ts";

const ada = verifiedBy("terminal", "ada");
const bob = verifiedBy("web", "bob");

type Step =
  | { intent: "hand" }
  | { intent: "hand_aside" }
  | { intent: "pay"; amount: number }
  | { intent: "ask" }
  | { intent: "done"; message: string };

/** A model that goes by what it reads, so that every process goes on where the last one died. */
function modelOf(answer: (prompt: string) => ScriptedAnswer<Step>) {
  return Object.create(scriptedSteps<Step>([]), {
    call: {
      value: async ([prompt]: [string]) => scriptedSteps<Step>([answer(prompt)]).call([prompt]),
    },
  }) as ReturnType<typeof scriptedSteps<Step>>;
}

/**
 * `both`: two steps are handed over at once. `say`: the work is handed over, and while the other agent waits for an approval, the requester says something
 * more.
 */
export type Handover = "hand" | "hand_aside" | "both" | "ask" | "say";

/** An agent that hands work to another one, and this one. `pay` is told the key of each payment. */
export function delegatingFamily(how: Handover, pay: (key: string) => void): readonly Agent[] {
  const steps = {
    hand: delegate<Extract<Step, { intent: "hand" }>>(
      { agent: "helper", input: () => "pay" },
      { readOnly: how === "both" },
    ),
    hand_aside: delegate<Extract<Step, { intent: "hand_aside" }>>({ agent: "helper", wait: false }),
    pay: tool<Extract<Step, { intent: "pay" }>>(
      (_step, { key }) => {
        pay(key);
        return "paid";
      },
      { approval: "always", idempotent: true, version: "1" },
    ),
    ask: askHuman<Extract<Step, { intent: "ask" }>>(() => "how much?"),
    done: finish((step: Extract<Step, { intent: "done" }>) => step.message),
  };
  const boss = modelOf((prompt) => {
    if (how === "hand_aside")
      return prompt.includes("<hand_aside>")
        ? { intent: "done", message: prompt.includes("<child_finished>") ? "told" : "begun" }
        : { intent: "hand_aside" };
    if (how === "both" && !prompt.includes("<hand>"))
      return { steps: [{ intent: "hand" }, { intent: "hand" }] };
    return prompt.includes("<hand>") ? { intent: "done", message: "thanks" } : { intent: "hand" };
  });
  const helper = modelOf((prompt) => {
    if (how === "ask") return { intent: "ask" };
    return prompt.includes("<pay_result>")
      ? { intent: "done", message: "paid" }
      : { intent: "pay", amount: 5 };
  });
  return [
    defineAgent(boss, { name: "boss", steps, severalSteps: "concurrent" }),
    defineAgent(helper, { name: "helper", steps }),
  ];
}

/** What people do: approve what the child asks, or cancel the parent while it asks; before, say something to the parent. */
export async function answerAll(
  runtime: Runtime,
  threadId: ThreadId,
  until: (thread: Thread) => boolean,
  say?: string,
) {
  for (;;) {
    const thread = await runtime.settled(threadId);
    if (until(thread)) return thread;
    for (const event of thread.events) {
      if (event.type !== "child_requested") continue;
      const childId = event.data.threadId;
      const { state } = await runtime.settled(childId);
      if (state.request === null) continue;
      if (say !== undefined && !hasHeard(thread, say)) {
        await runtime.message(threadId, say, ada, `${say} to ${threadId}`);
        continue;
      }
      const id = requestIdOf(childId, state.request.seq);
      const done =
        state.request.type === "approval"
          ? runtime.respond(id, { decision: { kind: "approved" }, digest: state.request.digest }, bob)
          : runtime.cancel(threadId, ada, "enough");
      await done.catch((error: unknown) => {
        if (!(error instanceof ConflictError)) throw error;
      });
    }
  }
}

function hasHeard({ events }: Thread, text: string): boolean {
  return events.some((event) => event.type === "message_received" && event.data.text === text);
}

/** When all is over that a handover is for. */
export const OVER: { readonly [how in Handover]: (thread: Thread) => boolean } = {
  hand: ({ state }) => state.ended?.kind === "finished",
  both: ({ state }) => state.ended?.kind === "finished",
  say: ({ state }) => state.ended?.kind === "finished",
  hand_aside: ({ state }) => state.ended?.kind === "finished" && state.ended.result === "told",
  ask: ({ state }) => state.ended?.kind === "cancelled" && state.children.length === 0,
};
