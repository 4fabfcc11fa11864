import { endOfString } from "./scan.ts";

const TRAILING = /,(?=\s*[}\]])/g;

/** A text without the commas that stand before a closing bracket; those in strings stay. Linear. */
export function withoutTrailingCommas(text: string): string {
  const parts: string[] = [];
  let from = 0;
  for (let start = text.indexOf('"'); start >= 0; start = text.indexOf('"', from)) {
    const end = Math.min(text.length, endOfString(text, start) + 1);
    parts.push(text.slice(from, start).replace(TRAILING, ""), text.slice(start, end));
    from = end;
  }
  parts.push(text.slice(from).replace(TRAILING, ""));
  return parts.join("");
}
