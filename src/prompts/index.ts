// What `import … from "twelvefold/prompts"` gives: BAML functions made safe for production, without the rest.
export type { CompletionRecord, Fidelity, ProviderResponse, Usage } from "../base/completion.ts";
export { TwelvefoldError, UsageError } from "../base/errors.ts";
export type { DoubtfulReason, TolerantReason } from "../base/fidelity.ts";
export {
  DOUBTFUL_REASONS,
  describeFidelity,
  type FidelityReason,
  isFidelityReason,
  TOLERANT_REASONS,
} from "../base/fidelity.ts";
export type { DeclaredField, DeclaredType } from "./baml/declared-type.ts";
export { neutraliseText } from "./baml/neutralise.ts";
export type { BamlFiles } from "./baml/source.ts";
export type { StepField, StepFields } from "./baml/step-fields.ts";
export type { ToolDescription, ToolTypes } from "./baml/tool-types.ts";
export type { GeneratedClient, RunTimeTypes } from "./baml/types.ts";
export type { RetryPolicy } from "./call/retry-policy.ts";
export {
  CallAbortedError,
  type FailedAttempt,
  MissingCredentialsError,
  PromptTooLongError,
  ProviderError,
  type ProviderErrorCode,
  type ProviderFacts,
  ProviderRejectedError,
  ProviderUnavailableError,
} from "./errors.ts";
export { FINAL_ANSWER, type ProseMode } from "./gate/form.ts";
export type { AnswerLimits } from "./gate/limits.ts";
export { type Range, type Said, wordsAround } from "./gate/said.ts";
export type { Timeouts } from "./http/timeouts.ts";
export type { Environment } from "./models/environment.ts";
export { type ClientSettings, modelClient } from "./models/providers.ts";
export { localModel, type ModelSelection, only, selectModel } from "./models/select-model.ts";
export {
  type CallOptions,
  type PromptFunction,
  type PromptFunctionOptions,
  promptFunction,
} from "./prompt-function.ts";
export type {
  Accepted,
  Admit,
  Answer,
  ModelChoice,
  ModelClient,
  PreparedRequest,
  PromptStream,
  Refusal,
} from "./types.ts";
export { type TypeSource, withTypes } from "./with-types.ts";
