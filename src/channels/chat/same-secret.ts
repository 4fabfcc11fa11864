import { timingSafeEqual } from "node:crypto";
import { sha256 } from "../../base/digest.ts";

/** Compares in a time that says nothing about either. */
export function isSameSecret(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(sha256(one)), Buffer.from(sha256(other)));
}
