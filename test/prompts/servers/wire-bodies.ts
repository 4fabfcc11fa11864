import type { Json, JsonObject } from "../../../src/base/json.ts";

/** A completion to be written in any wire format. */
export interface Said {
  readonly text: string;
  /** Default `stop`. */
  readonly finish?: "stop" | "length" | "filtered";
  /** Default 11 in, 7 out, 3 of the 11 from a cache. */
  readonly usage?: { readonly input: number; readonly output: number; readonly cached: number };
  /** Thoughts, in whatever way the format keeps them apart. */
  readonly thoughts?: string;
}

export const USAGE = { input: 11, output: 7, cached: 3 };

/** How one provider writes answers: a whole body, and the events of a stream. */
export interface WireBodies {
  whole(said: Said): JsonObject;
  /**
   * Data of server-sent events; the text in pieces of about five characters. `usage`: the request asks for token
   * counts, without which OpenAI's format has none.
   */
  events(said: Said, usage?: boolean): string[];
}

function pieces(text: string): string[] {
  return text.match(/[\s\S]{1,5}/gu) ?? [];
}

const OPENAI_FINISH = { stop: "stop", length: "length", filtered: "content_filter" };

function openaiUsage({ input, output, cached }: NonNullable<Said["usage"]>): JsonObject {
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached },
  };
}

export const openaiChatBodies: WireBodies = {
  whole: ({ text, finish = "stop", usage = USAGE, thoughts }) => ({
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1,
    model: "m",
    choices: [
      {
        index: 0,
        finish_reason: OPENAI_FINISH[finish],
        message: {
          role: "assistant",
          content: text,
          ...(thoughts === undefined ? {} : { reasoning_content: thoughts }),
        },
      },
    ],
    usage: openaiUsage(usage),
  }),
  events: ({ text, finish = "stop", usage = USAGE, thoughts }, withUsage = false) => {
    const nothing = withUsage ? { usage: null } : {};
    const chunk = (delta: JsonObject, finishReason: string | null) => ({
      id: "chatcmpl-1",
      object: "chat.completion.chunk",
      choices: [{ index: 0, delta, finish_reason: finishReason }],
      ...nothing,
    });
    const events: Json[] = [
      chunk({ role: "assistant", content: "" }, null),
      ...(thoughts === undefined ? [] : [chunk({ reasoning_content: thoughts }, null)]),
      ...pieces(text).map((content) => chunk({ content }, null)),
      chunk({}, OPENAI_FINISH[finish]),
      ...(withUsage
        ? [{ id: "chatcmpl-1", object: "chat.completion.chunk", choices: [], usage: openaiUsage(usage) }]
        : []),
    ];
    return [...events.map((event) => JSON.stringify(event)), "[DONE]"];
  },
};

const RESPONSES_INCOMPLETE = { length: "max_output_tokens", filtered: "content_filter" };

export const openaiResponsesBodies: WireBodies = {
  whole: ({ text, finish = "stop", usage = USAGE, thoughts }) => ({
    id: "resp_1",
    object: "response",
    status: finish === "stop" ? "completed" : "incomplete",
    incomplete_details: finish === "stop" ? null : { reason: RESPONSES_INCOMPLETE[finish] },
    output: [
      ...(thoughts === undefined
        ? []
        : [{ type: "reasoning", summary: [{ type: "summary_text", text: thoughts }] }]),
      { type: "message", role: "assistant", content: [{ type: "output_text", text, annotations: [] }] },
    ],
    usage: {
      input_tokens: usage.input,
      output_tokens: usage.output,
      input_tokens_details: { cached_tokens: usage.cached },
    },
  }),
  events: (said) => {
    const events: Json[] = [
      { type: "response.created", response: { id: "resp_1", status: "in_progress", output: [] } },
      ...(said.thoughts === undefined
        ? []
        : [{ type: "response.reasoning_summary_text.delta", delta: said.thoughts }]),
      ...pieces(said.text).map((delta) => ({ type: "response.output_text.delta", delta })),
      {
        type: (said.finish ?? "stop") === "stop" ? "response.completed" : "response.incomplete",
        response: openaiResponsesBodies.whole(said),
      },
    ];
    return events.map((event) => JSON.stringify(event));
  },
};

const ANTHROPIC_FINISH = { stop: "end_turn", length: "max_tokens", filtered: "refusal" };

export const anthropicBodies: WireBodies = {
  whole: ({ text, finish = "stop", usage = USAGE, thoughts }) => ({
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "m",
    content: [
      ...(thoughts === undefined ? [] : [{ type: "thinking", thinking: thoughts, signature: "s" }]),
      { type: "text", text },
    ],
    stop_reason: ANTHROPIC_FINISH[finish],
    stop_sequence: null,
    usage: {
      input_tokens: usage.input - usage.cached,
      output_tokens: usage.output,
      cache_read_input_tokens: usage.cached,
    },
  }),
  events: ({ text, finish = "stop", usage = USAGE, thoughts }) => {
    const events: Json[] = [
      {
        type: "message_start",
        message: {
          id: "msg_1",
          type: "message",
          role: "assistant",
          content: [],
          usage: {
            input_tokens: usage.input - usage.cached,
            output_tokens: 1,
            cache_read_input_tokens: usage.cached,
          },
        },
      },
      { type: "ping" },
      ...(thoughts === undefined
        ? []
        : [{ type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: thoughts } }]),
      { type: "content_block_start", index: 1, content_block: { type: "text", text: "" } },
      ...pieces(text).map((piece) => ({
        type: "content_block_delta",
        index: 1,
        delta: { type: "text_delta", text: piece },
      })),
      { type: "content_block_stop", index: 1 },
      {
        type: "message_delta",
        delta: { stop_reason: ANTHROPIC_FINISH[finish] },
        usage: { output_tokens: usage.output },
      },
      { type: "message_stop" },
    ];
    return events.map((event) => JSON.stringify(event));
  },
};

const GOOGLE_FINISH = { stop: "STOP", length: "MAX_TOKENS", filtered: "SAFETY" };

export const googleBodies: WireBodies = {
  whole: ({ text, finish = "stop", usage = USAGE, thoughts }) => ({
    candidates: [
      {
        content: {
          role: "model",
          parts: [...(thoughts === undefined ? [] : [{ text: thoughts, thought: true }]), { text }],
        },
        finishReason: GOOGLE_FINISH[finish],
        index: 0,
      },
    ],
    usageMetadata: {
      promptTokenCount: usage.input,
      candidatesTokenCount: usage.output,
      cachedContentTokenCount: usage.cached,
    },
  }),
  events: (said) => {
    const { usage = USAGE, finish = "stop" } = said;
    const usageMetadata = {
      promptTokenCount: usage.input,
      candidatesTokenCount: usage.output,
      cachedContentTokenCount: usage.cached,
    };
    const part = (parts: readonly Json[], finishReason?: string) => ({
      candidates: [
        {
          content: { role: "model", parts },
          index: 0,
          ...(finishReason === undefined ? {} : { finishReason }),
        },
      ],
      usageMetadata,
    });
    const texts = pieces(said.text);
    const events: Json[] = [
      ...(said.thoughts === undefined ? [] : [part([{ text: said.thoughts, thought: true }])]),
      ...texts.slice(0, -1).map((text) => part([{ text }])),
      part([{ text: texts.at(-1) ?? "" }], GOOGLE_FINISH[finish]),
    ];
    return events.map((event) => JSON.stringify(event));
  },
};

const BEDROCK_FINISH = { stop: "end_turn", length: "max_tokens", filtered: "guardrail_intervened" };

export const bedrockBodies: WireBodies = {
  whole: ({ text, finish = "stop", usage = USAGE, thoughts }) => ({
    output: {
      message: {
        role: "assistant",
        content: [
          ...(thoughts === undefined ? [] : [{ reasoningContent: { reasoningText: { text: thoughts } } }]),
          { text },
        ],
      },
    },
    stopReason: BEDROCK_FINISH[finish],
    usage: {
      inputTokens: usage.input - usage.cached,
      outputTokens: usage.output,
      totalTokens: usage.input + usage.output,
      cacheReadInputTokens: usage.cached,
    },
    metrics: { latencyMs: 1 },
  }),
  // Bedrock streams in a binary format, which is not read here.
  events: () => [],
};
