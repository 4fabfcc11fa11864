import type { Json, JsonObject } from "../../base/json.ts";

/** What the offline model made of one block of a rendered thread. */
export type Turn =
  /** A person wrote this: a message, an answer to a question. */
  | { readonly kind: "said"; readonly text: string }
  /** A person refused the step before, with these words (may be empty). */
  | { readonly kind: "denied"; readonly text: string }
  | { readonly kind: "step"; readonly intent: string; readonly fields: JsonObject }
  /** `intent` is null where the block does not name it. */
  | { readonly kind: "result"; readonly intent: string | null; readonly value: Json }
  | { readonly kind: "failed"; readonly text: string }
  /** The step before was not accepted. */
  | { readonly kind: "refused"; readonly text: string }
  /** Any other event. */
  | { readonly kind: "event"; readonly tag: string; readonly body: Json };
