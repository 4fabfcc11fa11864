import { Agent } from "@mastra/core/agent";
import { createTool } from "@mastra/core/tools";
import { z } from "zod";

export async function prepare({ baseURL }) {
  let calls = 0;
  const add = createTool({
    id: "add",
    description: "adds two numbers",
    inputSchema: z.object({ a: z.number(), b: z.number() }),
    execute: async ({ a, b }) => {
      calls += 1;
      return a + b;
    },
  });
  const model = { id: "local/instant", url: baseURL, apiKey: "none" };
  const agent = new Agent({ id: "sums", name: "sums", instructions: "You add.", model, tools: { add } });
  return {
    title: "Mastra, in memory",
    async run(message, steps) {
      calls = 0;
      await agent.generate(message, { maxSteps: steps + 2 });
      return calls;
    },
  };
}
