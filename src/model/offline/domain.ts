import type { JsonObject } from "../../base/json.ts";
import type { Turn } from "./turns.ts";

/** What to do next, before it is fitted to the schema that the request allows. */
export type Move =
  | { readonly kind: "call"; readonly intent: string; readonly fields: JsonObject; readonly prose: string }
  /** Ask the person. */
  | { readonly kind: "ask"; readonly text: string }
  /** Give the final answer. */
  | { readonly kind: "finish"; readonly text: string };

/** A field of work that the offline model understands. Pure: the same thread gives the same move. */
export interface Domain {
  readonly name: string;
  /** Whether the intents of the allowed schema belong to this domain. */
  fits(intents: ReadonlySet<string>): boolean;
  nextMove(turns: readonly Turn[], intents: ReadonlySet<string>): Move;
}
