import { join } from "node:path";
import { b } from "../../../baml_client/index.ts";
import { getBamlFiles } from "../../../baml_client/inlinedbaml.ts";
import * as tf from "../../../dist/src/index.js";
import { openSqliteStore } from "../../../dist/src/store/sqlite/open.js";
import { scriptedSteps } from "../../../dist/src/testing/index.js";

const ada = tf.verifiedBy("bench", "ada");

/** What is kept between the two calls is in an SQLite file. */
export function prepare({ baseURL, folder }) {
  const go = async (tools, act) => {
    const store = await openSqliteStore(join(folder, "threads.db"));
    const runtime = tf.createRuntime({
      agents: [agentOf(tools)],
      store,
      model: tf.localModel("instant", baseURL),
    });
    try {
      return await act(runtime);
    } finally {
      await runtime.stop();
      await store.close();
    }
  };
  return {
    title: "Twelvefold",
    ask: (message, tools) =>
      go(tools, async (runtime) => {
        const { threadId } = await runtime.launch({ agent: "sums", input: { message, from: ada } });
        const { id, digest } = tf.pendingRequest(await runtime.settled(threadId));
        return JSON.stringify({ id, threadId, digest });
      }),
    approve: (kept, tools) =>
      go(tools, async (runtime) => {
        const { id, threadId, digest } = JSON.parse(kept);
        await runtime.respond(id, { decision: { kind: "approved" }, digest }, ada);
        const { kind } = (await runtime.settled(threadId)).state.status;
        return kind === "awaiting_approval" ? "asks again" : kind === "finished" ? "" : kind;
      }),
  };
}

function agentOf(tools) {
  const other = tf.tool(() => 0, { readOnly: true });
  // The prompt offers `add`; an agent without that step has another prompt.
  const prompt = tf.promptFunction(b, "DetermineNextStep", { bamlFiles: getBamlFiles });
  const whole = tools.some(({ name }) => name === "add");
  return tf.defineAgent(whole ? prompt : scriptedSteps([{ intent: "done_for_now", message: "done" }]), {
    name: "sums",
    steps: {
      subtract: other,
      multiply: other,
      divide: other,
      request_more_information: tf.askHuman(({ message }) => message),
      done_for_now: tf.finish(({ message }) => message),
      ...Object.fromEntries(tools.map(({ name, run }) => [name, tf.tool(run, { approval: "always" })])),
    },
  });
}
