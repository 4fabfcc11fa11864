import type { Attributes } from "@opentelemetry/api";
import { type CompletionRecord, cachedShare } from "../base/completion.ts";
import type { EventOf, ThreadEvent } from "../thread/events.ts";

/*
 * Names and values of OpenTelemetry's semantic conventions for generative AI (v0.1.0, in development), for spans and metrics.
 * https://github.com/open-telemetry/semantic-conventions-genai
 */

/** The providers whose name in the conventions is not that of their settings here. */
const PROVIDERS: Readonly<Record<string, string>> = {
  azure: "azure.ai.openai",
  bedrock: "aws.bedrock",
  google: "gcp.gemini",
};

/** What was asked: the provider and the model. */
export function requestAttributes(client: string): Attributes {
  const slash = client.indexOf("/");
  if (slash < 0) return { "gen_ai.request.model": client };
  const provider = client.slice(0, slash);
  return {
    "gen_ai.request.model": client.slice(slash + 1),
    "gen_ai.provider.name": PROVIDERS[provider] ?? provider,
  };
}

/** What came back. No content. */
export function responseAttributes({ response = {}, usage, failedAttempts }: CompletionRecord): Attributes {
  const { id, model, finish } = response;
  return withoutAbsent({
    "gen_ai.response.id": id,
    "gen_ai.response.model": model,
    "gen_ai.response.finish_reasons": finish === undefined ? undefined : [finish],
    "gen_ai.usage.input_tokens": usage?.inputTokens,
    "gen_ai.usage.output_tokens": usage?.outputTokens,
    "gen_ai.usage.cache_read.input_tokens": usage?.cachedInputTokens,
    "twelvefold.usage.cached_share": usage == null ? undefined : (cachedShare(usage) ?? undefined),
    "twelvefold.failed_attempts": failedAttempts?.length,
  });
}

export function withoutAbsent(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}

/** The model's own answer in the form of the conventions. Content. */
export function outputMessages({ raw, response }: CompletionRecord): string {
  return JSON.stringify([
    {
      role: "assistant",
      parts: [{ type: "text", content: raw }],
      finish_reason: response?.finish ?? "stop",
    },
  ]);
}

/** A message or event from outside in the form of the conventions; `undefined` for any other event. Content. */
export function inputMessages(event: ThreadEvent): string | undefined {
  if (event.type !== "message_received" && event.type !== "event_received") return undefined;
  const content = event.type === "message_received" ? event.data.text : JSON.stringify(event.data.payload);
  return JSON.stringify([{ role: "user", parts: [{ type: "text", content }] }]);
}

/** What a judge said of a step, as an evaluation. The explanation is content. */
export function evaluationAttributes(
  { verdict, reason }: EventOf<"step_judged">["data"],
  { intent, content }: { readonly intent: string | undefined; readonly content: boolean },
): Attributes {
  return withoutAbsent({
    "gen_ai.evaluation.name": "step_judge",
    "gen_ai.evaluation.score.label": verdict,
    "gen_ai.evaluation.explanation": content ? reason : undefined,
    "gen_ai.tool.name": intent,
  });
}
