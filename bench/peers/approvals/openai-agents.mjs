import { Agent, OpenAIProvider, Runner, RunState, setTracingDisabled, tool } from "@openai/agents";
import { z } from "zod";

/** What is kept between the two calls is the state of the run, as a string. */
export function prepare({ baseURL }) {
  setTracingDisabled(true);
  const modelProvider = new OpenAIProvider({ baseURL, apiKey: "none", useResponses: false });
  const runner = new Runner({ modelProvider, tracingDisabled: true });
  const agentOf = (tools) => new Agent({ name: "sums", model: "instant", tools: tools.map(toolOf) });
  return {
    title: "OpenAI Agents",
    async ask(content, tools) {
      const { state } = await runner.run(agentOf(tools), content);
      return state.toString();
    },
    async approve(kept, tools) {
      const agent = agentOf(tools);
      const state = await RunState.fromString(agent, kept);
      for (const request of state.getInterruptions()) state.approve(request);
      const { interruptions } = await runner.run(agent, state);
      return interruptions.length > 0 ? "asks again" : "";
    },
  };
}

function toolOf({ name, description, run }) {
  const parameters = z.object({ a: z.number(), b: z.number() });
  return tool({ name, description, parameters, needsApproval: true, execute: run });
}
