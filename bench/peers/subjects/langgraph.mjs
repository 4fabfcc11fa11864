import { tool } from "@langchain/core/tools";
import { MemorySaver } from "@langchain/langgraph";
import { createReactAgent } from "@langchain/langgraph/prebuilt";
import { ChatOpenAI } from "@langchain/openai";
import { z } from "zod";

export async function prepare({ baseURL }) {
  const llm = new ChatOpenAI({ model: "instant", apiKey: "none", configuration: { baseURL } });
  return {
    title: "LangGraph, checkpoints in memory",
    async run(content, steps) {
      let calls = 0;
      const add = tool(
        async ({ a, b }) => {
          calls += 1;
          return String(a + b);
        },
        { name: "add", description: "adds two numbers", schema: z.object({ a: z.number(), b: z.number() }) },
      );
      const agent = createReactAgent({ llm, tools: [add], checkpointer: new MemorySaver() });
      const config = { recursionLimit: 2 * steps + 10, configurable: { thread_id: content } };
      await agent.invoke({ messages: [{ role: "user", content }] }, config);
      return calls;
    },
  };
}
