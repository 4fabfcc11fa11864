import { hash } from "node:crypto";
import { canonicalJson, type Json } from "./json.ts";

/** SHA-256 of a text (UTF-8) in lower-case hex, 64 characters. */
export function sha256(text: string): string {
  return hash("sha256", text, "hex");
}

/** SHA-256 over the canonical JSON of a value: equal values have equal digests in every process. */
export function digestOf(value: Json): string {
  return sha256(canonicalJson(value));
}
