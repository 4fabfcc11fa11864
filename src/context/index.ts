// `twelvefold/context`: from a thread to what the model reads. Every part can be used alone.

export { EMAIL, removeSecrets, SECRET_PATTERNS, type SecretPattern } from "../base/secret-patterns.ts";
export { type ContextBlock, isSafeTag, RESERVED_TAGS } from "./blocks/block.ts";
export type { BlockReader } from "./blocks/context-blocks.ts";
export {
  type CompactedRange,
  contextBlocks,
  type EventBlocks,
  eventBlocks,
} from "./blocks/context-blocks.ts";
export { compactError, cutMiddle, errorText } from "./blocks/errors.ts";
export type { ContentMap } from "./blocks/event-content.ts";
export { type UntrustedSource, untrustedSources } from "./blocks/provenance.ts";
export { type EventPart, readEvent } from "./blocks/read-event.ts";
export type { EventRecord } from "./blocks/view.ts";
export { type ContextView, defaultOrigin, type EarlierEvents, type EventFormatters } from "./blocks/view.ts";
export { forgottenNote } from "./budget/compaction.ts";
export { planContext } from "./budget/plan.ts";
export type { BudgetPolicy, ContextPlan, SummaryPlan, TokenBudget } from "./budget/token-budget.ts";
export { estimateTokens, loadTokenCounter, type TokenCounter, tokenCeiling } from "./budget/tokens.ts";
export {
  type AgentContext,
  type ContextOptions,
  type CustomFormat,
  createContext,
} from "./context.ts";
export { compareFormats, type FormatCost } from "./formats/compare-formats.ts";
export { renderBlocks, TEXT_FORMATS, type TextFormat, type TextFormatName } from "./formats/formats.ts";
export { type ChatMessage, parseMessages, renderMessages, type SpokenBlock } from "./formats/messages.ts";
export { parseXml, renderXml } from "./formats/xml.ts";
export {
  createRedactor,
  createVault,
  type RedactionRules,
  type Redactor,
  restoreSecrets,
  type SecretVault,
  vaultOf,
} from "./redaction/redaction.ts";
export type { ShownEvents } from "./redaction/shown-events.ts";
export type { JsonEvent } from "./redaction/stored-content.ts";
export { renderThread } from "./render-thread.ts";
export { createContextWindow, sharedPrefixLength } from "./window.ts";
