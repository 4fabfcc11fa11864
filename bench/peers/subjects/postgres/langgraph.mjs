import { tool } from "@langchain/core/tools";
import { createReactAgent } from "@langchain/langgraph/prebuilt";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { ChatOpenAI } from "@langchain/openai";
import { z } from "zod";

/** `durability: "sync"`: a checkpoint is committed before the next node begins. The default writes it while that one runs. */
export async function prepare({ pool, baseURL, onCall }) {
  const checkpointer = new PostgresSaver(pool);
  await checkpointer.setup();
  const llm = new ChatOpenAI({ model: "instant", apiKey: "none", configuration: { baseURL } });
  const add = tool(
    async ({ a, b }) => {
      onCall();
      return String(a + b);
    },
    { name: "add", description: "adds two numbers", schema: z.object({ a: z.number(), b: z.number() }) },
  );
  const agent = createReactAgent({ llm, tools: [add], checkpointer });
  return {
    title: 'LangGraph, `durability: "sync"`',
    async run(content, steps) {
      const configurable = { thread_id: content };
      const config = { recursionLimit: 2 * steps + 10, durability: "sync", configurable };
      await agent.invoke({ messages: [{ role: "user", content }] }, config);
    },
  };
}
