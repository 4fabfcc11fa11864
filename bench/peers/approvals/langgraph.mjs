import { tool } from "@langchain/core/tools";
import { Command, interrupt, MemorySaver } from "@langchain/langgraph";
import { createReactAgent } from "@langchain/langgraph/prebuilt";
import { ChatOpenAI } from "@langchain/openai";
import { z } from "zod";

/** The tool asks with `interrupt`. What is kept between the two calls is in the checkpointer. */
export function prepare({ baseURL }) {
  const llm = new ChatOpenAI({ model: "instant", apiKey: "none", configuration: { baseURL } });
  const checkpointer = new MemorySaver();
  const go = async (input, thread_id, tools) => {
    const agent = createReactAgent({ llm, tools: tools.map(toolOf), checkpointer });
    return agent.invoke(input, { configurable: { thread_id } });
  };
  return {
    title: "LangGraph",
    async ask(content, tools) {
      await go({ messages: [{ role: "user", content }] }, content, tools);
      return content;
    },
    async approve(kept, tools) {
      const { __interrupt__: asked = [] } = await go(new Command({ resume: "approved" }), kept, tools);
      return asked.length > 0 ? "asks again" : "";
    },
  };
}

function toolOf({ name, description, run }) {
  const schema = z.object({ a: z.number(), b: z.number() });
  const ask = (args) => (interrupt({ name, args }) === "approved" ? String(run(args)) : "denied");
  return tool(ask, { name, description, schema });
}
