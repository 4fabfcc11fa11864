import { join } from "node:path";
import { b } from "../../../baml_client/index.ts";
import { getBamlFiles } from "../../../baml_client/inlinedbaml.ts";
import {
  askHuman,
  createRuntime,
  defineAgent,
  finish,
  localModel,
  promptFunction,
  tool,
  verifiedBy,
} from "../../../dist/src/index.js";
import { openSqliteStore } from "../../../dist/src/store/sqlite/open.js";

/** The calculator's prompt, every event in an SQLite file before the next effect. */
export async function prepare({ baseURL, folder }) {
  let calls = 0;
  const store = await openSqliteStore(join(folder, "threads.db"));
  const onCall = () => {
    calls += 1;
  };
  const { run, close } = sumsOn(store, { baseURL, onCall });
  return {
    title: "Twelvefold, SQLite, `synchronous=FULL`",
    async run(message) {
      calls = 0;
      await run(message);
      return calls;
    },
    close,
  };
}

/** Runs the calculator on a store; each addition calls `onCall`. With `once`, as a tool that a crash must not repeat. */
export function sumsOn(store, { baseURL, onCall, once = false }) {
  const sums = defineAgent(promptFunction(b, "DetermineNextStep", { bamlFiles: getBamlFiles }), {
    name: "sums",
    budget: { steps: 1_000_000 },
    steps: {
      add: tool(
        ({ a, b }) => {
          onCall();
          return a + b;
        },
        { readOnly: !once },
      ),
      subtract: tool(({ a, b }) => a - b, { readOnly: true }),
      multiply: tool(({ a, b }) => a * b, { readOnly: true }),
      divide: tool(({ a, b }) => a / b, { readOnly: true }),
      request_more_information: askHuman(({ message }) => message),
      done_for_now: finish(({ message }) => message),
    },
  });
  const runtime = createRuntime({ agents: [sums], store, model: localModel("instant", baseURL) });
  const from = verifiedBy("bench", "bench");
  return {
    async run(message) {
      const { threadId } = await runtime.launch({ agent: "sums", input: { message, from } });
      const { state } = await runtime.settled(threadId);
      if (state.status.kind !== "finished") throw new Error(`it is ${JSON.stringify(state.status)}`);
    },
    async close() {
      await runtime.stop();
      await store.close();
    },
  };
}
