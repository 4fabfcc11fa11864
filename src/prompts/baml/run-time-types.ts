import { UsageError } from "../../base/errors.ts";
import type { RunTimeTypes } from "./types.ts";

/**
 * Throws `UsageError` if classes made with a `TypeBuilder` contain themselves, directly or through each other:
 * rendering such a type kills the process (BAML 0.226). Recursive classes declared as text, with `tb.addBaml`, are
 * fine. Reads the builder's own listing, which does not follow references.
 */
export function checkRunTimeTypes(types: RunTimeTypes): void {
  const builder = types.__tb();
  const classes = readListing(String(builder));
  for (const [name, fields] of classes) {
    const real = builder.getClass(name).listProperties().map(nameOfProperty);
    if (real.join() !== fields.map((field) => field.name).join()) throw refusal(name);
  }
  for (const [name, fields] of classes) {
    for (const { declared, targets } of fields) {
      const through = declared ? undefined : targets.find((target) => reaches(target, name, classes));
      if (through === undefined) continue;
      throw new UsageError(
        "invalid_argument",
        `the run-time class ${name} contains itself through ${through}; declare recursive classes with tb.addBaml`,
        { details: { class: name, through } },
      );
    }
  }
}

interface Field {
  readonly name: string;
  /** The classes that its type refers to. */
  readonly targets: readonly string[];
  /** Declared with `addBaml`, where recursion is handled. */
  readonly declared: boolean;
}

type Classes = ReadonlyMap<string, readonly Field[]>;

function reaches(from: string, to: string, classes: Classes): boolean {
  const seen = new Set<string>();
  const open = [from];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (name === to) return true;
    if (seen.has(name)) continue;
    seen.add(name);
    open.push(...(classes.get(name) ?? []).flatMap((field) => field.targets));
  }
  return false;
}

const CLASS_START = /^ {4}(\w+) \{(\},?)?$/;
const CLASS_END = /^ {4}\},?$/;
const FIELD = /^ {6}(\S+) (.*?),?$/;
// Only `addBaml` lists an absent alias or description.
const DECLARED = / \(alias=Null, |, description=Null\)$/;

// The listing has one class per block and one field per line, indented by four and six spaces. It does not
// escape literals, and a literal with line breaks could look like anything, so the fields are counted again
// afterwards.
function readListing(listing: string): Classes {
  const lines = listing.split("\n");
  const start = lines.indexOf("  Classes: [") + 1;
  // No comma follows where the project has types that contain themselves.
  const end = lines.findIndex((line, index) => index >= start && /^ {2}\],?$/.test(line));
  const section = lines.slice(start, end);
  const names = new Set(section.flatMap((line) => CLASS_START.exec(line)?.[1] ?? []));
  const classes = new Map<string, Field[]>();
  let fields: Field[] | undefined;
  for (const line of section) {
    const start = CLASS_START.exec(line);
    const field = fields === undefined ? null : FIELD.exec(line);
    if (start?.[1] !== undefined) {
      if (start[2] !== undefined) continue;
      fields = classes.get(start[1]) ?? [];
      classes.set(start[1], fields);
    } else if (CLASS_END.test(line)) fields = undefined;
    else if (field !== null) fields?.push(readField(field[1] ?? "", field[2] ?? "", names));
    else throw refusal(line.trim());
  }
  return classes;
}

function readField(name: string, rest: string, names: ReadonlySet<string>): Field {
  const [type = ""] = rest.split(/ \((?:alias|description)=/, 1);
  const words = type.replace(/"[^"]*"/g, "").match(/\w+/g) ?? [];
  return { name, targets: words.filter((word) => names.has(word)), declared: DECLARED.test(rest) };
}

// listProperties gives pairs of name and property.
function nameOfProperty(property: unknown): string {
  return Array.isArray(property) ? String(property[0]) : "";
}

// What cannot be checked is not rendered.
function refusal(where: string): UsageError {
  return new UsageError(
    "invalid_argument",
    `cannot check run-time types for recursion if their literals hold line breaks (at ${JSON.stringify(where)})`,
  );
}
