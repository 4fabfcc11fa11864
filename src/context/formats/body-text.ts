import type { Json } from "../../base/json.ts";
import { readYaml } from "./read-yaml.ts";
import { writeYaml, writeYamlString } from "./write-yaml.ts";

/**
 * Writes a block's body as text. A string is written as it is, so that messages read naturally, unless it would read
 * back as something else (`3`, `a: 1`, `"quoted"`): then it is written as a YAML string. Other values are written as
 * YAML.
 */
export function writeBody(body: Json): string {
  if (typeof body !== "string") return writeYaml(body);
  return readsAsOther(body) ? writeYamlString(body) : body;
}

/** The inverse of `writeBody`, for any text. */
export function readBody(text: string): Json {
  const read = readYaml(text);
  return read !== undefined && writeBody(read.value) === text ? read.value : text;
}

// Only text spelled exactly as the writer would spell it is ambiguous. A quoted string is shorter than its
// quotation, so the mutual recursion with `writeBody` ends.
function readsAsOther(text: string): boolean {
  const read = readYaml(text);
  return read !== undefined && read.value !== text && writeBody(read.value) === text;
}
