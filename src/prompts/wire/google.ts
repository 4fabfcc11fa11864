import type { Json } from "../../base/json.ts";
import { type FinishReason, items, member, readError, readUsage, text, type WireFormat } from "./wire.ts";

const USAGE = {
  input: ["promptTokenCount"],
  output: ["candidatesTokenCount", "thoughtsTokenCount"],
  cached: ["cachedContentTokenCount"],
};

/** Google's `generateContent`. Parts marked as thoughts are left out of the text. */
export const google: WireFormat = {
  name: "google",
  readReply(body) {
    const blocked = typeof member(member(body, "promptFeedback"), "blockReason") === "string";
    const candidate = items(member(body, "candidates"))[0];
    if (candidate === undefined && !blocked) return undefined;
    return {
      text: candidateText(candidate),
      finish: blocked ? "filtered" : (finishOf(candidate) ?? "other"),
      usage: readUsage(member(body, "usageMetadata"), USAGE) ?? null,
    };
  },
  readPart(event) {
    const error = readError(event);
    if (error !== undefined) return { error };
    const blocked = typeof member(member(event, "promptFeedback"), "blockReason") === "string";
    const candidate = items(member(event, "candidates"))[0];
    const finish = blocked ? "filtered" : finishOf(candidate);
    const usage = readUsage(member(event, "usageMetadata"), USAGE);
    return {
      text: candidateText(candidate),
      ...(finish === undefined ? {} : { finish }),
      ...(usage === undefined ? {} : { usage }),
    };
  },
  streamsEnd: true,
};

function candidateText(candidate: Json | undefined): string {
  return items(member(member(candidate, "content"), "parts"))
    .filter((part) => member(part, "thought") !== true)
    .map((part) => text(member(part, "text")))
    .join("");
}

function finishOf(candidate: Json | undefined): FinishReason | undefined {
  const reason = member(candidate, "finishReason");
  if (typeof reason !== "string") return undefined;
  if (reason === "STOP") return "stop";
  if (reason === "MAX_TOKENS") return "length";
  return FILTERED.has(reason) ? "filtered" : "other";
}

const FILTERED = new Set(["SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE"]);
