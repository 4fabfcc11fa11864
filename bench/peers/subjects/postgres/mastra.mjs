import { Mastra } from "@mastra/core";
import { Agent } from "@mastra/core/agent";
import { createDurableAgent } from "@mastra/core/agent/durable";
import { createTool } from "@mastra/core/tools";
import { PostgresStore } from "@mastra/pg";
import { z } from "zod";

/** `recovery.durableAgents: "auto"`: without it, a running agent's snapshots are not written. */
export async function prepare({ pool, baseURL, onCall }) {
  const storage = new PostgresStore({ id: "peers", pool });
  await storage.init();
  const add = createTool({
    id: "add",
    description: "adds two numbers",
    inputSchema: z.object({ a: z.number(), b: z.number() }),
    execute: async ({ a, b }) => {
      onCall();
      return a + b;
    },
  });
  const model = { id: "local/instant", url: baseURL, apiKey: "none" };
  const agent = new Agent({ id: "sums", name: "sums", instructions: "You add.", model, tools: { add } });
  const sums = createDurableAgent({ agent });
  new Mastra({
    agents: { sums },
    storage,
    recovery: { durableAgents: "auto" },
    logger: false,
  });
  return {
    title: "Mastra, durable agent",
    async run(message, steps) {
      const { text } = await sums.generate(message, { maxSteps: steps + 2 });
      if (text !== "all is added") throw new Error(`it answered ${JSON.stringify(text)}`);
    },
  };
}
