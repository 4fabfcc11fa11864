import type { Json } from "../../base/json.ts";
import { FILTERED, type Finish, readFinish } from "./finish.ts";
import { items, member, readUsage, text, type WireFormat } from "./wire.ts";

const USAGE = {
  input: ["promptTokenCount"],
  output: ["candidatesTokenCount", "thoughtsTokenCount"],
  cached: ["cachedContentTokenCount"],
};

/** Google's `generateContent`. Leaves parts marked as thoughts out of the text. */
export const google: WireFormat = {
  name: "google",
  readBody(body) {
    const finish = finishOf(body);
    if (candidateIn(body) === undefined && finish === undefined) return undefined;
    return { text: textOf(body), finish, usage: readUsage(member(body, "usageMetadata"), USAGE) ?? null };
  },
  readPart: (event) => ({
    text: textOf(event),
    finish: finishOf(event),
    usage: readUsage(member(event, "usageMetadata"), USAGE),
  }),
  errorsIn: (body) => candidateIn(body),
};

function candidateIn(body: Json): Json | undefined {
  return items(member(body, "candidates"))[0];
}

function textOf(body: Json): string {
  return items(member(member(candidateIn(body), "content"), "parts"))
    .filter((part) => member(part, "thought") !== true)
    .map((part) => text(member(part, "text")))
    .join("");
}

// A blocked prompt has no candidate.
function finishOf(body: Json): Finish | undefined {
  const blocked = text(member(member(body, "promptFeedback"), "blockReason"));
  if (blocked !== "" && blocked !== "BLOCK_REASON_UNSPECIFIED") return { ...FILTERED, reason: blocked };
  return readFinish(member(candidateIn(body), "finishReason"));
}
