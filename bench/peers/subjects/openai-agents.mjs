import { Agent, OpenAIProvider, Runner, setTracingDisabled, tool } from "@openai/agents";
import { z } from "zod";

export async function prepare({ baseURL }) {
  setTracingDisabled(true);
  const modelProvider = new OpenAIProvider({ baseURL, apiKey: "none", useResponses: false });
  const runner = new Runner({ modelProvider, tracingDisabled: true });
  return {
    title: "OpenAI Agents, in memory",
    async run(message, steps) {
      let calls = 0;
      const add = tool({
        name: "add",
        description: "adds two numbers",
        parameters: z.object({ a: z.number(), b: z.number() }),
        execute: async ({ a, b }) => {
          calls += 1;
          return a + b;
        },
      });
      const agent = new Agent({ name: "sums", model: "instant", tools: [add] });
      await runner.run(agent, message, { maxTurns: steps + 2 });
      return calls;
    },
  };
}
