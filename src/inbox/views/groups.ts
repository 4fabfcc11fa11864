import { isJsonObject, type Json } from "../../base/json.ts";
import { visible, visibleLine, visibleValue } from "../../present/visible-text.ts";
import { REASONS_FIELD } from "../../thread/reasons.ts";
import { subjectOf } from "./about.ts";
import type { TimelineItem } from "./timeline.ts";

/** Items that stand together in a timeline: one, or a run of equal steps that went the same way. */
export interface TimelineGroup {
  /** Sequence number of its first event; names the group. */
  readonly seq: number;
  readonly lastSeq: number;
  readonly items: readonly TimelineItem[];
}

/** What is looked for within a thread. */
export interface TimelineFilter {
  readonly search: string;
  readonly show: "all" | "steps" | "people" | "errors";
}

export const SHOWN = [
  "all",
  "steps",
  "people",
  "errors",
] as const satisfies readonly TimelineFilter["show"][];

export const NO_FILTER: TimelineFilter = { search: "", show: "all" };

/** So many equal steps in a row are folded. */
const RUN = 3;

/** Folds runs of equal steps. What is filtered stays one by one, so that every match is seen. Pure. */
export function groupsOf(items: readonly TimelineItem[], filter: TimelineFilter): readonly TimelineGroup[] {
  if (filter.search !== "" || filter.show !== "all")
    return items.filter((item) => fits(item, filter)).map((item) => groupOf([item]));
  const runs: TimelineItem[][] = [];
  for (const item of items) {
    const run = runs.at(-1);
    const [first] = run ?? [];
    if (run !== undefined && first !== undefined && isAlike(first, item)) run.push(item);
    else runs.push([item]);
  }
  return runs.flatMap((run) => (run.length >= RUN ? [groupOf(run)] : run.map((item) => groupOf([item]))));
}

function groupOf(items: readonly TimelineItem[]): TimelineGroup {
  const seqs = items.map(({ lastSeq }) => lastSeq);
  return { seq: items[0]?.seq ?? 0, lastSeq: Math.max(0, ...seqs), items };
}

/** Only steps about which nobody was asked, and that went the same way. */
function isAlike(one: TimelineItem, other: TimelineItem): boolean {
  const isPlain = (item: TimelineItem) => item.isStep && item.marks.length === 0 && item.child === undefined;
  return isPlain(one) && isPlain(other) && one.heading === other.heading && one.tone === other.tone;
}

function fits(item: TimelineItem, { search, show }: TimelineFilter): boolean {
  if (show === "steps" && !item.isStep) return false;
  if (show === "errors" && item.tone !== "bad") return false;
  if (show === "people" && item.tone !== "person" && item.marks.length === 0) return false;
  const text = textOf(item);
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function textOf({ heading, text, fields, result, error, marks }: TimelineItem): string {
  const parts = [text, fields, result, error].filter((part) => part !== undefined && part !== null);
  const words = parts.map((part) => (typeof part === "string" ? part : JSON.stringify(part)));
  return [heading, ...words, ...marks.map((mark) => mark.text)].join(" ").toLowerCase();
}

/** What an item says in a line: its words, or its arguments. */
export function gistOf({ text, fields }: TimelineItem): string {
  if (text !== undefined) return visibleLine(text, 160);
  const values = Object.entries(fields ?? {})
    .filter(([name, value]) => name !== REASONS_FIELD && value !== null)
    .map(([, value]) => subjectOf(value))
    .filter((subject) => subject !== "");
  return visibleLine(values.join(" · "), 160);
}

/** What came of an item in a line; empty if nothing has. */
export function outcomeGistOf(item: TimelineItem): string {
  const { result, error } = item;
  if (error !== undefined) return visibleLine(`${error.name}: ${error.message}`, 120);
  const outcome = result === undefined || result === null ? "" : visibleLine(valuesOf(result), 80);
  // What a step says may be its result.
  return gistOf(item).startsWith(outcome) ? "" : outcome;
}

/** The values of a result, without the names: "re_1, 45". */
function valuesOf(value: Json): string {
  if (!isJsonObject(value)) return visibleValue(value, 80);
  const plain = Object.values(value).filter((one) => one !== null && typeof one !== "object");
  return plain.length === 0 ? visibleValue(value, 80) : plain.map((one) => visibleValue(one, 40)).join(", ");
}

/** The milliseconds that an item took: the model's time and what came of it. */
export function tookOf({ at, lastAt, completion }: TimelineItem): number {
  return Date.parse(lastAt) - Date.parse(at) + (completion?.durationMs ?? 0);
}

/** Where to jump to in a timeline. */
export interface Jumps {
  readonly errors: readonly number[];
}

export function jumpsOf(items: readonly TimelineItem[]): Jumps {
  return { errors: items.filter(({ tone }) => tone === "bad").map(({ seq }) => seq) };
}

/** The heading of a group, with how often it occurs. */
export function headingOf({ items }: TimelineGroup): string {
  const heading = visible(items[0]?.heading ?? "");
  return items.length === 1 ? heading : `${heading} ×${items.length}`;
}
