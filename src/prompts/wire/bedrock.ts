import { readFinish } from "./finish.ts";
import { items, member, readUsage, text, type WireFormat } from "./wire.ts";

const USAGE = {
  input: ["inputTokens", "cacheReadInputTokens", "cacheWriteInputTokens"],
  output: ["outputTokens"],
  cached: ["cacheReadInputTokens"],
};

/** Amazon Bedrock's Converse API. Never streamed here (see docs/prompts.md). */
export const bedrock: WireFormat = {
  name: "bedrock",
  readBody(body) {
    const message = member(member(body, "output"), "message");
    if (message === undefined) return undefined;
    return {
      text: items(member(message, "content"))
        .map((block) => text(member(block, "text")))
        .join(""),
      finish: readFinish(member(body, "stopReason")),
      usage: readUsage(member(body, "usage"), USAGE) ?? null,
    };
  },
  readPart: () => ({}),
};
