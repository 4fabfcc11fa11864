import { UsageError } from "../../base/errors.ts";
import type { Json } from "../../base/json.ts";
import { checkNames } from "../../base/options.ts";
import type { ThreadEvent } from "../../thread/events.ts";
import { writeYaml } from "../formats/write-yaml.ts";
import { eventBlocks } from "./context-blocks.ts";
import type { ContextView } from "./view.ts";

/** Part of an event's text. */
export interface EventPart {
  readonly event: number;
  readonly text: string;
  /** Where the next part begins; absent at the end. */
  readonly next?: number;
}

/**
 * What an event shows in full, in parts of `length` characters: for a tool with which the model asks for what was cut
 * or left out of its context (`the whole is event 12`). Redacted as in the view. Throws `UsageError` for an event that
 * there is not or that shows nothing.
 */
export function readEvent(
  events: readonly ThreadEvent[],
  seq: number,
  part: { readonly from?: number; readonly length?: number; readonly view?: ContextView } = {},
): EventPart {
  checkNames("readEvent", { from: true, length: true, view: true }, part);
  const { from = 0, length = 4000, view = {} } = part;
  const originals = events.filter(({ type }) => type !== "context_compacted");
  const entry = eventBlocks(originals, view).find((one) => one.seq === seq);
  if (entry === undefined)
    throw new UsageError("invalid_argument", `event ${seq} is not there or shows nothing`);
  const text = entry.blocks.map(({ body }) => textOf(body)).join("\n\n");
  const start = Math.max(0, from);
  const shown = text.slice(start, start + length).toWellFormed();
  return { event: seq, text: shown, ...(start + length < text.length ? { next: start + length } : {}) };
}

function textOf(body: Json): string {
  return typeof body === "string" ? body : writeYaml(body);
}
