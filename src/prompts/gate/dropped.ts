import type { FidelityReason } from "../../base/fidelity.ts";
import { isFields, isList } from "./compare.ts";
import { type ReadTools, tryParseJson } from "./reading.ts";

/** The name of an entry that no type declares. */
const FOREIGN = "\u0001 foreign entry";

/**
 * True if a field that was skipped as harmless may have been an entry of a map. A class drops every field that it does
 * not declare; a map keeps every entry that fits. To tell them apart, each object with such a field gets one more
 * entry, a copy of one that was kept: if the copy is kept as well, the object is a map.
 */
export function dropsEntries(
  read: unknown,
  parsed: unknown,
  reasons: ReadonlySet<FidelityReason>,
  tools: ReadTools,
): boolean {
  if (!reasons.has("extra_field")) return false;
  const text = JSON.stringify(withForeignEntries(read, parsed));
  const again = tryParseJson(text, tools);
  return (
    again.kind !== "parsed" || JSON.stringify(again.value).includes(JSON.stringify(FOREIGN).slice(1, -1))
  );
}

function withForeignEntries(read: unknown, parsed: unknown): unknown {
  if (isList(read)) {
    return read.map((item, index) => withForeignEntries(item, isList(parsed) ? parsed[index] : parsed));
  }
  if (!isFields(read)) return read;
  const inside = (key: string) => (isFields(parsed) ? parsed[key] : undefined);
  const entries = Object.entries(read).map(
    ([key, value]) => [key, withForeignEntries(value, inside(key))] as const,
  );
  const kept = entries.find(([key]) => isFields(parsed) && Object.hasOwn(parsed, key));
  const whole = Object.fromEntries(entries);
  return kept === undefined ? whole : { ...whole, [FOREIGN]: kept[1] };
}
