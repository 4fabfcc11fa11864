import { isJsonArray, isJsonObject, type Json } from "../../base/json.ts";

/*
 * Text that is still being written: half a secret is not known as one, so only whole words of it are shown.
 */

/** The beginning of a key in several lines, and what stands here for a secret that the thread will name otherwise. */
const UNCERTAIN = /-----BEGIN|\[[a-z_]{1,40}:x\d+\]/;

/** Up to the last blank, without what may be the beginning of a number or key in several words. */
export function wholeWords(text: string): string {
  const whole = /^[\s\S]*\s/.exec(text.split(UNCERTAIN)[0] ?? "")?.[0] ?? "";
  const rest = withoutEnd(whole, /[\d\s-]/);
  return /\d/.test(whole.slice(rest.length)) ? rest : whole;
}

/** The text without the characters of this kind at its end: a pattern would try anew from each of them. */
export function withoutEnd(text: string, kind: RegExp): string {
  let end = text.length;
  while (end > 0 && kind.test(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/** A value as far as it is written, with whole words alone in the text that stands last. An intent is no such text. */
export function withoutUnfinished(value: Json): Json {
  if (typeof value === "string") return wholeWords(value);
  if (isJsonArray(value))
    return value.map((item, at) => (at < value.length - 1 ? item : withoutUnfinished(item)));
  if (!isJsonObject(value)) return value;
  const last = Object.keys(value).findLast((name) => value[name] !== null);
  if (last === undefined || last === "intent") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, name === last ? withoutUnfinished(field) : field]),
  );
}
