import { b } from "../baml_client/index.ts";
import { getBamlFiles } from "../baml_client/inlinedbaml.ts";
import * as tf from "../src/index.ts";
import { startOfflineModel } from "../src/model/index.ts";

const sums = tf.defineAgent(tf.promptFunction(b, "DetermineNextStep", { bamlFiles: getBamlFiles }), {
  name: "sums",
  steps: {
    add: tf.tool(({ a, b }) => a + b, { readOnly: true }),
    subtract: tf.tool(({ a, b }) => a - b, { readOnly: true }),
    multiply: tf.tool(({ a, b }) => a * b, { readOnly: true }),
    divide: tf.tool(({ a, b }) => a / b, { readOnly: true, approval: "always" }),
    request_more_information: tf.askHuman(({ message }) => message),
    done_for_now: tf.finish(({ message }) => message),
  },
});
const model = await startOfflineModel(); // a real one: selectModel(process.env)
const runtime = tf.createRuntime({ agents: [sums], store: tf.createMemoryStore(), model: model.choice });
const ada = tf.verifiedBy("terminal", "ada"); // after your own check of who it is
const { threadId } = await runtime.launch({ agent: "sums", input: { message: "divide 12 by 2", from: ada } });
const ask = tf.pendingRequest(await runtime.settled(threadId));
console.log("approve?", ask?.card?.intent, JSON.stringify(ask?.card?.arguments));
if (ask?.digest) await runtime.respond(ask.id, { decision: { kind: "approved" }, digest: ask.digest }, ada);
console.log(JSON.stringify((await runtime.settled(threadId)).state.status));
await Promise.all([runtime.stop(), model.close()]);
