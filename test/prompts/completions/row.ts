import type { FidelityReason } from "../../../src/base/fidelity.ts";
import type { ProseMode } from "../../../src/prompts/gate/form.ts";
import type { Refusal } from "../../../src/prompts/types.ts";

/** What a completion is expected to be read as. */
export type Expected =
  | { readonly exact: unknown; readonly more?: readonly unknown[] }
  | {
      readonly tolerant: unknown;
      readonly because: readonly FidelityReason[];
      readonly more?: readonly unknown[];
    }
  | {
      readonly doubtful: unknown;
      readonly because: readonly FidelityReason[];
      readonly more?: readonly unknown[];
    }
  | { readonly refused: Refusal["reason"]; readonly saying?: string };

/** A function, a completion of it, and what comes out; read with `prose: "none"` unless it says otherwise. */
export type Row = readonly [functionName: string, completion: string, expected: Expected, prose?: ProseMode];

export const REFUND = '{"intent":"refund","order_id":"A1","amount":40}';
export const REFUND_VALUE = { intent: "refund", order_id: "A1", amount: 40, reason: null };
export const SEARCH = '{"intent":"search","query":"x","tags":[]}';
export const SEARCH_VALUE = { intent: "search", query: "x", limit: null, tags: [] };
export const DONE = '{"intent":"done_for_now","message":"hi"}';
export const DONE_VALUE = { intent: "done_for_now", message: "hi" };

/** A refund with other fields, as JSON and as the value BAML should give. */
export function refund(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ intent: "refund", order_id: "A1", amount: 40, ...fields });
}
