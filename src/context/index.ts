// `twelvefold/context`: from a thread to what the model reads. Every part can be used alone.
export { type ContextBlock, isSafeTag, RESERVED_TAGS } from "./block.ts";
export { forgottenNote } from "./compaction.ts";
export { compareFormats, type FormatCost } from "./compare-formats.ts";
export {
  type AgentContext,
  type ContextOptions,
  type CustomFormat,
  createContext,
} from "./context.ts";
export { type CompactedRange, contextBlocks, type EventBlocks, eventBlocks } from "./context-blocks.ts";
export { compactError, cutMiddle, errorText } from "./errors.ts";
export { renderBlocks, TEXT_FORMATS, type TextFormat, type TextFormatName } from "./formats.ts";
export { type ChatMessage, parseMessages, renderMessages, type SpokenBlock } from "./messages.ts";
export { planContext } from "./plan.ts";
export { type UntrustedSource, untrustedSources } from "./provenance.ts";
export { type EventPart, readEvent } from "./read-event.ts";
export {
  createRedactor,
  createVault,
  type RedactionRules,
  type Redactor,
  restoreSecrets,
  type SecretVault,
  vaultOf,
} from "./redaction.ts";
export { renderThread } from "./render-thread.ts";
export { EMAIL, removeSecrets, SECRET_PATTERNS, type SecretPattern } from "./secret-patterns.ts";
export type { BudgetPolicy, ContextPlan, SummaryPlan, TokenBudget } from "./token-budget.ts";
export { estimateTokens, loadTokenCounter, type TokenCounter, tokenCeiling } from "./tokens.ts";
export { type ContextView, defaultOrigin, type EarlierEvents, type EventFormatters } from "./view.ts";
export { createContextWindow, sharedPrefixLength } from "./window.ts";
export { parseXml, renderXml } from "./xml.ts";
