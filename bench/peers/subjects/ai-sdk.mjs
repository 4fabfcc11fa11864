import { createOpenAI } from "@ai-sdk/openai";
import { generateText, stepCountIs, tool } from "ai";
import { z } from "zod";

export async function prepare({ baseURL }) {
  const openai = createOpenAI({ baseURL, apiKey: "none" });
  return {
    title: "AI SDK, in memory",
    async run(prompt, steps) {
      let calls = 0;
      const add = tool({
        description: "adds two numbers",
        inputSchema: z.object({ a: z.number(), b: z.number() }),
        execute: async ({ a, b }) => {
          calls += 1;
          return a + b;
        },
      });
      await generateText({
        model: openai.chat("instant"),
        tools: { add },
        stopWhen: stepCountIs(steps + 2),
        prompt,
      });
      return calls;
    },
  };
}
