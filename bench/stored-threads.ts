import {
  appendEvents,
  askHuman,
  defineAgent,
  finish,
  randomThreadId,
  startThread,
  type ThreadStore,
} from "../src/index.ts";
import { scriptedSteps } from "../src/testing/scripted-steps.ts";
import { projectionOf } from "../src/thread/projection.ts";

type AskingStep = { intent: "ask"; message: string } | { intent: "done"; message: string };

/** Asks at its first turn, and is done at the second. */
export function askingAgent() {
  const none = scriptedSteps<AskingStep>([]);
  return defineAgent(
    {
      ...none,
      async call([rendered]) {
        const step: AskingStep = rendered.includes("yes")
          ? { intent: "done", message: "ok" }
          : { intent: "ask", message: "go on?" };
        return scriptedSteps<AskingStep>([step]).call([rendered]);
      },
    },
    {
      name: "asking",
      steps: { ask: askHuman(({ message }) => message), done: finish(({ message }) => message) },
    },
  );
}

/** Fills the store with threads of the asking agent: one in ten waits for a person, the others have ended. */
export async function fillStore(
  store: ThreadStore,
  threads: number,
  tick: (done: number) => void,
): Promise<void> {
  const start = Date.now() - threads * 1000;
  const { context } = askingAgent();
  for (let from = 0; from < threads; from += 500) {
    const batch = Array.from({ length: Math.min(500, threads - from) }, (_, n) =>
      storedThread(from + n, start),
    );
    await Promise.all(
      batch.map(({ id, events, state }) =>
        store.append(id, 0, events, {
          projection: projectionOf(state),
          texts: context.forSearch(events, []),
        }),
      ),
    );
    tick(from);
  }
}

function storedThread(n: number, start: number) {
  const at = start + n * 1000;
  const from = { channel: "web", id: "ada" };
  const thread = appendEvents(
    startThread({ agent: "asking" }, at, randomThreadId()),
    [{ type: "message_received", data: { text: `invoice ${n}`, from } }],
    at,
  );
  return n % 10 === 0
    ? appendEvents(
        thread,
        [{ type: "human_asked", data: { kind: "escalation", question: `invoice ${n}?` } }],
        at,
      )
    : appendEvents(thread, [{ type: "finished", data: { result: `paid ${n}` } }], at);
}
