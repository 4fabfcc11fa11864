// What `import … from "twelvefold"` gives: the agent, the thread, the context, the loop and the runtime.

export type {
  AgentSettings,
  AnyStep,
  ErrorLimits,
  NextStepOptions,
  PromptContext,
  PromptInput,
  SeveralSteps,
  StepTable,
  WhenBusy,
} from "./agent/agent.ts";
export {
  type Agent,
  type AgentOptions,
  defineAgent,
  type NextStep,
  type NextStepFunction,
  type OnVersionChange,
  type ResultOf,
  type StepOf,
} from "./agent/agent.ts";
export type { AgentContextOptions, ContextOfAgent } from "./agent/agent-context.ts";
export { type Budget, costOf, type PriceTable, type TokenPrice } from "./agent/budget.ts";
export {
  type CredentialRequest,
  type CredentialSource,
  type CredentialSources,
  type Credentials,
  withCredentials,
} from "./agent/credentials.ts";
export type { Prefetch, PrefetchContext, Prefetches } from "./agent/prefetch.ts";
export type { KeptResults } from "./agent/reuse-results.ts";
export { type Summarizer, summarizeWith } from "./agent/summarize.ts";
export {
  type ThreadPromptFunction,
  type ThreadTools,
  ToolChangedError,
  withThreadTools,
} from "./agent/thread-tools.ts";
export { type Clock, systemClock } from "./base/clock.ts";
export type { CompletionRecord, Fidelity, Usage } from "./base/completion.ts";
export {
  ConflictError,
  type ErrorCode,
  ForbiddenError,
  NeedsPersonError,
  NotFoundError,
  RunFailedError,
  SequenceConflictError,
  StorageError,
  TwelvefoldError,
  UsageError,
} from "./base/errors.ts";
export type { NewThreadId } from "./base/ids.ts";
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
export { canonicalJson, isJsonObject, type Json, type JsonObject, toJson } from "./base/json.ts";
export { type SearchText, type SearchWord, spaceOut } from "./base/search-words.ts";
export type { EngineConfig, EngineName, ServerConfig } from "./config.ts";
export { defineConfig, type ProtocolName, type TwelvefoldConfig } from "./config.ts";
export { compactError } from "./context/blocks/errors.ts";
export { type ContextOptions, createContext } from "./context/context.ts";
export { parseXml, renderXml } from "./context/formats/xml.ts";
export { renderThread } from "./context/render-thread.ts";
export { createContextWindow } from "./context/window.ts";
export type { EvalsConfig } from "./evals-config.ts";
export type { ApprovalSubject } from "./humans/approval-digest.ts";
export { approvalDigest } from "./humans/approval-digest.ts";
export { describeReason, type ReasonInWords } from "./humans/approval-reasons.ts";
export type {
  ApprovedNotice,
  Channel,
  ChannelValues,
  ClosedNotice,
  NewsNotice,
  Notice,
  RequestNotice,
  UpdateNotice,
} from "./humans/channel.ts";
export type { People } from "./humans/people.ts";
export { principalKey, type VerifiedPrincipal, verifiedBy } from "./humans/principal.ts";
export type { Urgency } from "./humans/request.ts";
export { type Deciding, type HumanRequest, mayDecide, pendingRequest } from "./humans/request.ts";
export type { ValidateEdit } from "./humans/respond.ts";
export { type HumanResponse, type ResponseCase, responseEvent } from "./humans/respond.ts";
export type { PartInCall, StillAllowed } from "./humans/still-allowed.ts";
export { advance } from "./loop/advance.ts";
export { askedHuman, finishedRun, type HumanReply, ranStep, said } from "./loop/by-hand.ts";
export type { Command, CommandData, CommandType } from "./loop/command.ts";
export { decide } from "./loop/decide.ts";
export type { Delegation, Effect, EffectContext } from "./loop/effect.ts";
export { createJournal, type Journal, type Write } from "./loop/journal.ts";
export { EFFECTS, perform } from "./loop/perform.ts";
export { localModel, type ModelSelection, selectModel } from "./prompts/models/select-model.ts";
export { type PromptFunction, promptFunction } from "./prompts/prompt-function.ts";
export type {
  Accepted,
  Admit,
  Answer,
  ModelChoice,
  ModelClient,
  PreparedRequest,
  Refusal,
} from "./prompts/types.ts";
export type { CallLimit, CallLimits, ClientPressure } from "./runtime/call-limits.ts";
export type { Changes } from "./runtime/changes.ts";
export { validateEdit } from "./runtime/edit.ts";
export type { Advance, Engine, EngineStart } from "./runtime/engines/engine.ts";
export type { Input, ReceivedEvent, Sender, SentEvent } from "./runtime/input.ts";
export type { JobOutcome } from "./runtime/jobs.ts";
export type { LeaveOut } from "./runtime/leave-out.ts";
export type { Observation, Observer, ObserverOptions } from "./runtime/observers.ts";
export type { EraseOptions } from "./runtime/remove.ts";
export type { EndedStatus, RetentionRule } from "./runtime/retention.ts";
export { type RunAgentOptions, runAgent } from "./runtime/run-agent.ts";
export {
  createRuntime,
  type IndexingOptions,
  type IndexingProgress,
  type Launch,
  type Runtime,
  type RuntimeOptions,
} from "./runtime/runtime.ts";
export type {
  AgentName,
  Approval,
  Ask,
  AskHumanOptions,
  AskHumanStep,
  Credential,
  DelegateOptions,
  DelegateStep,
  FinishStep,
  Handover,
  HelperContext,
  HumanQuestion,
  KeptValues,
  NothingStep,
  ProgressStep,
  SleepStep,
  StepContext,
  StepDefinition,
  StepEmphasis,
  StepOptions,
  StepTitle,
  ToolContext,
  ToolOptions,
  ToolStep,
  Verdict,
  WaitForEventStep,
} from "./steps/definitions.ts";
export { onlyShown, wasShown } from "./steps/shown-ids.ts";
export type { SchemaIssue, SchemaResult, StandardSchema } from "./steps/standard-schema.ts";
export type { NewJobToken } from "./steps/start-job.ts";
export { type JobOptions, type JobStart, startJob } from "./steps/start-job.ts";
export { askHuman, delegate, finish, nothing, progress, sleep, tool, waitForEvent } from "./steps/steps.ts";
export { createMemoryStore } from "./store/memory.ts";
export { createSearch, type Search, type ThreadSearch } from "./store/search.ts";
export type {
  AppendOptions,
  AppendOutcome,
  ChainAnchor,
  Erasure,
  EventLog,
  Indexing,
  Leases,
  ListFilter,
  Listing,
  RunStatement,
  SearchHit,
  ThreadPage,
  ThreadStore,
  ThreadSummary,
  UnindexedThread,
  UnreadableThread,
  ValueOptions,
  Values,
  Verification,
} from "./store/store.ts";
export { erasureData } from "./thread/chain.ts";
export type { ChainProblem } from "./thread/chain-problem.ts";
export type {
  ApprovalCard,
  ApprovalPolicy,
  ApprovalReason,
  BudgetName,
  CardFailures,
  CardInputs,
  ChildOutcome,
  ErrorInfo,
  EventData,
  EventOf,
  EventType,
  HumanDecision,
  HumanRequestKind,
  HumanRequestOptions,
  NewEvent,
  OwnWords,
  ParentCall,
  Principal,
  RefusalReason,
  SharedBudget,
  Spent,
  Step,
  ThreadAbove,
  ThreadEvent,
  VersionChange,
  Via,
} from "./thread/events.ts";
export { fold, transition } from "./thread/fold.ts";
export { projectionOf, type ThreadProjection } from "./thread/projection.ts";
export type { Repeats } from "./thread/repeats.ts";
export type {
  CallPhase,
  Deliveries,
  News,
  OpenCall,
  OpenChild,
  PendingApproval,
  PendingQuestion,
  PendingRequest,
  Requesters,
  RequestUpdate,
  Status,
  StatusKind,
  ThreadState,
} from "./thread/state.ts";
export { parseEvents } from "./thread/stored-event.ts";
export {
  appendEvents,
  forkThread,
  startThread,
  type Thread,
  type ThreadHead,
  threadOf,
} from "./thread/thread.ts";
export type { ClosingEvent } from "./thread/updates.ts";
