import { isJsonObject, type Json } from "../base/json.ts";
import type { Principal } from "../thread/events.ts";

/** A person as stores keep one beside a thread; `undefined` for a text that is none. */
export function parsePrincipal(text: string): Principal | undefined {
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isJsonObject(value)) return undefined;
  const { channel, id, name } = value;
  if (typeof channel !== "string" || typeof id !== "string") return undefined;
  if (name === undefined) return { channel, id };
  return typeof name === "string" ? { channel, id, name } : undefined;
}
