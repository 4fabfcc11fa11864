import { createOpenAI } from "@ai-sdk/openai";
import { generateText, stepCountIs, tool } from "ai";
import { z } from "zod";

/** With its signed approvals. What is kept between the two calls is the list of messages. */
export function prepare({ baseURL }) {
  const openai = createOpenAI({ baseURL, apiKey: "none" });
  const go = (messages, tools) =>
    generateText({
      model: openai.chat("instant"),
      tools: Object.fromEntries(tools.map((one) => [one.name, toolOf(one)])),
      toolApproval: Object.fromEntries(tools.map(({ name }) => [name, "user-approval"])),
      experimental_toolApprovalSecret: "a secret of at least thirty-two characters",
      stopWhen: stepCountIs(3),
      messages,
    });
  return {
    title: "AI SDK",
    async ask(content, tools) {
      const messages = [{ role: "user", content }];
      const { content: parts, responseMessages } = await go(messages, tools);
      const { approvalId } = parts.find(({ type }) => type === "tool-approval-request");
      return JSON.stringify({ messages: [...messages, ...responseMessages], approvalId });
    },
    async approve(kept, tools) {
      const { messages, approvalId } = JSON.parse(kept);
      const content = [{ type: "tool-approval-response", approvalId, approved: true }];
      const done = await go([...messages, { role: "tool", content }], tools);
      return done.content.some(({ type }) => type === "tool-approval-request") ? "asks again" : "";
    },
  };
}

function toolOf({ description, run }) {
  return tool({ description, inputSchema: z.object({ a: z.number(), b: z.number() }), execute: run });
}
