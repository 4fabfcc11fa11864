import { Mastra } from "@mastra/core";
import { Agent } from "@mastra/core/agent";
import { InMemoryStore } from "@mastra/core/storage";
import { createTool } from "@mastra/core/tools";
import { z } from "zod";

/** What is kept between the two calls is in the storage. */
export function prepare({ baseURL }) {
  const storage = new InMemoryStore();
  const model = { id: "local/instant", url: baseURL, apiKey: "none" };
  const agentOf = (list) => {
    const tools = Object.fromEntries(list.map((one) => [one.name, toolOf(one)]));
    const sums = new Agent({ id: "sums", name: "sums", instructions: "You add.", model, tools });
    return new Mastra({ agents: { sums }, storage, logger: false }).getAgent("sums");
  };
  return {
    title: "Mastra",
    async ask(content, tools) {
      const { runId, suspendPayload } = await agentOf(tools).generate(content);
      return JSON.stringify({ runId, toolCallId: suspendPayload.toolCallId });
    },
    async approve(kept, tools) {
      const { finishReason } = await agentOf(tools).approveToolCallGenerate(JSON.parse(kept));
      return finishReason === "suspended" ? "asks again" : "";
    },
  };
}

function toolOf({ name, description, run }) {
  const inputSchema = z.object({ a: z.number(), b: z.number() });
  return createTool({
    id: name,
    description,
    inputSchema,
    requireApproval: true,
    execute: async (args) => run(args),
  });
}
