import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { b } from "../../baml_client/index.ts";
import { summarizeWith, summaryOf } from "../../src/agent/summarize.ts";
import { forgottenNote } from "../../src/context/budget/compaction.ts";
import { estimateTokens } from "../../src/context/budget/tokens.ts";
import { createContext } from "../../src/context/context.ts";
import { parseMessages } from "../../src/context/formats/messages.ts";
import { parseXml } from "../../src/context/formats/xml.ts";
import { OFFLINE_MODEL_NAME, startOfflineModel } from "../../src/model/index.ts";
import { localModel } from "../../src/prompts/models/select-model.ts";
import { promptFunction } from "../../src/prompts/prompt-function.ts";
import type { PreparedRequest } from "../../src/prompts/types.ts";
import { propertyRuns } from "../property-runs.ts";
import { b as conversation } from "./baml_client/index.ts";
import { anyEvents, eventsOf, finishedTool, message, proposed } from "./events.ts";

const model = localModel("m", "http://127.0.0.1:9");
const runs = { numRuns: propertyRuns(60) };

const body = z.object({
  messages: z.array(
    z.object({
      role: z.enum(["system", "user", "assistant"]),
      content: z.union([z.string(), z.array(z.object({ type: z.literal("text"), text: z.string() }))]),
    }),
  ),
});

/** The chat messages of a request, as the provider reads them. */
function messagesOf(request: PreparedRequest) {
  return body.parse(JSON.parse(request.body)).messages.map(({ role, content }) => ({
    role,
    content: typeof content === "string" ? content : content.map(({ text }) => text).join(""),
  }));
}

describe("what the provider gets", () => {
  it("the rendered thread arrives whole, in the one place it belongs to, whatever the strings are", {
    tags: ["F3.12", "S2"],
  }, async () => {
    const nextStep = promptFunction(b, "DetermineNextStep", { bamlFiles: undefined });
    const context = createContext();
    await fc.assert(
      fc.asyncProperty(anyEvents, async (events) => {
        const messages = messagesOf(await nextStep.request([context.render(events)], { model }));
        expect(messages.map(({ role }) => role)).toEqual(["system", "user"]);
        const [, thread = ""] =
          /^What happened so far:\n\n([\s\S]*)\n\nWhat is the next step\?$/.exec(
            messages[1]?.content ?? "",
          ) ?? [];
        expect(parseXml(thread)).toEqual(context.entries(events).flatMap(({ blocks }) => blocks));
      }),
      runs,
    );
  });

  it("chat messages arrive as such: nobody's words get another role", {
    tags: ["F3.4", "F2.3", "S2"],
  }, async () => {
    const nextStep = promptFunction(conversation, "NextStepInConversation", { bamlFiles: undefined });
    const context = createContext({ format: "messages" });
    await fc.assert(
      fc.asyncProperty(anyEvents, async (events) => {
        const wanted = context.messages(events);
        const [system, ...rest] = messagesOf(await nextStep.request([[...wanted]], { model }));
        expect(system?.role).toBe("system");
        const messages = rest.map(({ role, content }) => {
          expect(role).not.toBe("system");
          return { role: role === "assistant" ? ("assistant" as const) : ("user" as const), content };
        });
        expect(parseMessages(messages)).toEqual(parseMessages(wanted));
      }),
      runs,
    );
  });

  it("the summariser's prompt takes the range as data, and works on the real path", {
    tags: "F3.14",
  }, async () => {
    const server = await startOfflineModel();
    try {
      const summarize = promptFunction(b, "SummarizeThread", { bamlFiles: undefined });
      const text = createContext().render(
        eventsOf(
          message("multiply 3 and 4"),
          proposed(3, { intent: "multiply", a: 3, b: 4 }),
          finishedTool(3, 12),
        ),
      );
      const [system, user] = messagesOf(await summarize.request([text, 120], { model }));
      expect(system?.content).toContain("Write at most 120 words.");
      expect(user?.content).toContain("<multiply_result>\n12\n</multiply_result>");
      const answer = await summarizeWith(summarize)(
        { text, blocks: [], maxTokens: 200 },
        { model: server.choice },
      );
      expect(answer?.completion?.client).toContain(OFFLINE_MODEL_NAME);
      expect(typeof answer?.summary).toBe("string");
    } finally {
      await server.close();
    }
  });

  it("a summary that cannot be used leaves a note, and its tokens count all the same", {
    tags: ["F3.14", "F8.9"],
  }, async () => {
    const usage = { inputTokens: 900, outputTokens: 90, cachedInputTokens: 0 };
    const completion = { raw: "no", client: "c", usage, durationMs: 1, requestDigest: "d" };
    const refused = { ok: false, reason: "no_match", message: "no", completion } as const;
    const summarize = summarizeWith({ call: async () => refused });
    const plan = await createContext({
      budget: { tokens: 1000, countTokens: estimateTokens, policies: ["summarize"] },
    }).plan(eventsOf(...Array.from({ length: 20 }, (_, index) => message(`${index} ${"x".repeat(400)}`))));
    if (plan.kind !== "summarize") throw new Error(plan.kind);
    expect(await summaryOf(plan, { summarize }, {})).toMatchObject({
      data: { method: "summarize", replacement: forgottenNote(plan), completion: { usage } },
    });
  });
});
