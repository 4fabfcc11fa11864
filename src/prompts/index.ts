// `twelvefold/prompts`: safe BAML functions, usable without anything else of this package.
export {
  CallAbortedError,
  MissingCredentialsError,
  ProviderRejectedError,
  ProviderUnavailableError,
} from "./errors.ts";
export { localModel, type ModelSelection, only, selectModel } from "./models/select-model.ts";
export {
  type CallOptions,
  type PromptFunction,
  type PromptFunctionOptions,
  promptFunction,
} from "./prompt-function.ts";
export type {
  Accepted,
  Answer,
  ModelChoice,
  ModelClient,
  PreparedRequest,
  PromptStream,
  Refusal,
} from "./types.ts";
