import type { JsonObject } from "../../base/json.ts";

/** What to do next, before it is fitted to the schema that the request allows. */
export type Move =
  | { readonly kind: "call"; readonly intent: string; readonly fields: JsonObject }
  /** Ask the person. */
  | { readonly kind: "ask"; readonly text: string }
  /** Give the final answer. */
  | { readonly kind: "finish"; readonly text: string };
