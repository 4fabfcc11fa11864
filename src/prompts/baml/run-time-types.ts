import { UsageError } from "../../base/errors.ts";
import type { RunTimeTypes } from "./generated-client.ts";

/**
 * Throws `UsageError` where classes made with a `TypeBuilder` contain themselves, directly or through each other:
 * rendering such a type kills the process (BAML 0.226). Recursive classes declared as text, with `tb.addBaml`, are
 * fine. Reads the builder's own listing, which does not follow references.
 */
export function checkRunTimeTypes(types: RunTimeTypes): void {
  const edges = readListing(String(types.__tb()));
  for (const [name, fields] of edges) {
    for (const field of fields) {
      if (!field.declared && reaches(field.target, name, edges)) {
        throw new UsageError(
          "invalid_argument",
          `the run-time class ${name} contains itself through ${field.target}; declare recursive classes with tb.addBaml`,
          { details: { class: name, through: field.target } },
        );
      }
    }
  }
}

interface Edge {
  readonly target: string;
  /** Declared with `addBaml`, where recursion is handled. */
  readonly declared: boolean;
}

type Edges = ReadonlyMap<string, readonly Edge[]>;

function reaches(from: string, to: string, edges: Edges): boolean {
  const seen = new Set<string>();
  const open = [from];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (name === to) return true;
    if (seen.has(name)) continue;
    seen.add(name);
    open.push(...(edges.get(name) ?? []).map((edge) => edge.target));
  }
  return false;
}

const CLASS_START = /^ {4}(\w+) \{(\},?)?$/;
const CLASS_END = /^ {4}\},?$/;
const FIELD = /^ {6}(\S.*?),?$/;

// The listing has one class a block and one field a line, indented by four and six blanks.
function readListing(listing: string): Edges {
  const lines = listing.split("\n");
  const names = new Set(lines.flatMap((line) => CLASS_START.exec(line)?.[1] ?? []));
  const edges = new Map<string, Edge[]>();
  let fields: Edge[] | undefined;
  let inClasses = false;
  for (const line of lines) {
    if (line === "  Classes: [") inClasses = true;
    else if (line === "  ],") inClasses = false;
    if (!inClasses) continue;
    const start = CLASS_START.exec(line);
    if (start?.[1] !== undefined) {
      if (start[2] !== undefined) continue;
      fields = edges.get(start[1]) ?? [];
      edges.set(start[1], fields);
    } else if (CLASS_END.test(line)) fields = undefined;
    else if (fields !== undefined) fields.push(...readField(line, names));
  }
  return edges;
}

function readField(line: string, names: ReadonlySet<string>): Edge[] {
  const text = FIELD.exec(line)?.[1];
  if (text === undefined) {
    // A literal with a line break could hide a field: what cannot be checked is not rendered.
    const message = "run-time types with line breaks in their literals or descriptions cannot be checked";
    throw new UsageError("invalid_argument", message);
  }
  const [type = ""] = text.split(/ \((?:alias|description)=/, 1);
  // Only `addBaml` lists an absent alias or description.
  const declared = text.includes("=Null");
  const words =
    type
      .slice(type.indexOf(" ") + 1)
      .replace(/"[^"]*"/g, "")
      .match(/\w+/g) ?? [];
  return words.filter((word) => names.has(word)).map((target) => ({ target, declared }));
}
