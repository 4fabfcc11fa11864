// What `import … from "twelvefold"` gives: the agent, the thread, the context, the loop and the runtime.

export {
  type Agent,
  type AgentOptions,
  defineAgent,
  type NextStep,
  type NextStepFunction,
  type ResultOf,
  type StepOf,
} from "./agent/agent.ts";
export { type Budget, costOf, type PriceTable, type TokenPrice } from "./agent/budget.ts";
export type { Prefetch } from "./agent/prefetch.ts";
export { type Summarizer, summarizeWith } from "./agent/summarize.ts";
export { type Clock, systemClock } from "./base/clock.ts";
export type { CompletionRecord, Fidelity, Usage } from "./base/completion.ts";
export {
  ConflictError,
  type ErrorCode,
  ForbiddenError,
  NotFoundError,
  SequenceConflictError,
  StorageError,
  TwelvefoldError,
  UsageError,
} from "./base/errors.ts";
export {
  type CallId,
  callIdAt,
  parseRequestId,
  parseThreadId,
  type RequestId,
  randomThreadId,
  requestIdOf,
  type ThreadId,
} from "./base/ids.ts";
export { canonicalJson, type Json, type JsonObject, toJson } from "./base/json.ts";
export { defineConfig, type TwelvefoldConfig } from "./config.ts";
export { compactError } from "./context/blocks/errors.ts";
export { type ContextOptions, createContext } from "./context/context.ts";
export { parseXml, renderXml } from "./context/formats/xml.ts";
export { renderThread } from "./context/render-thread.ts";
export { createContextWindow } from "./context/window.ts";
export { approvalDigest } from "./humans/approval-digest.ts";
export { describeReason, type ReasonInWords } from "./humans/approval-reasons.ts";
export type { Channel, Notice } from "./humans/channel.ts";
export type { People } from "./humans/people.ts";
export { type VerifiedPrincipal, verifiedBy } from "./humans/principal.ts";
export { type HumanRequest, mayDecide, pendingRequest } from "./humans/request.ts";
export { type HumanResponse, type ResponseCase, responseEvent } from "./humans/respond.ts";
export { advance } from "./loop/advance.ts";
export { askedHuman, finishedRun, type HumanReply, ranStep, said } from "./loop/by-hand.ts";
export type { Command } from "./loop/command.ts";
export { decide } from "./loop/decide.ts";
export type { Effect, EffectContext } from "./loop/effect.ts";
export type { Journal, Write } from "./loop/journal.ts";
export { EFFECTS, perform } from "./loop/perform.ts";
export { localModel, type ModelSelection, selectModel } from "./prompts/models/select-model.ts";
export { type PromptFunction, promptFunction } from "./prompts/prompt-function.ts";
export type {
  Accepted,
  Answer,
  ModelChoice,
  ModelClient,
  PreparedRequest,
  Refusal,
} from "./prompts/types.ts";
export { createRuntime, type Launch, type Runtime, type RuntimeOptions } from "./runtime/runtime.ts";
export type { StepDefinition, ToolContext, ToolOptions } from "./steps/definitions.ts";
export { askHuman, finish, nothing, progress, sleep, tool, waitForEvent } from "./steps/steps.ts";
export { createMemoryStore } from "./store/memory.ts";
export type {
  EventLog,
  Leases,
  ListFilter,
  Listing,
  ThreadPage,
  ThreadStore,
  ThreadSummary,
  UnreadableThread,
  Values,
} from "./store/store.ts";
export type {
  ApprovalCard,
  ApprovalPolicy,
  EventData,
  EventType,
  HumanDecision,
  NewEvent,
  Principal,
  Step,
  ThreadEvent,
} from "./thread/events.ts";
export { fold, transition } from "./thread/fold.ts";
export type { PendingRequest, Status, StatusKind, ThreadState } from "./thread/state.ts";
export { appendEvents, forkThread, startThread, type Thread, threadOf } from "./thread/thread.ts";
