import { type Declaration, declarations } from "../../../prompts/baml/source.ts";
import type { Files } from "../write-files.ts";

/** One class that a prompt may answer with. */
export interface StepClass {
  readonly name: string;
  readonly intents: readonly string[];
  /** Its other fields with their types, as they are written. */
  readonly fields: ReadonlyMap<string, string>;
}

/** A function whose answers are steps of an agent. */
export interface StepPrompt {
  readonly name: string;
  readonly file: string;
  readonly client: string;
  readonly steps: readonly StepClass[];
  /** What it may answer with that has no intent. */
  readonly withoutIntent: readonly string[];
}

/** A client as far as the settings of a model need it. */
export interface BamlClient {
  readonly provider: string;
  /** A literal or `env.NAME`. */
  readonly model: string | undefined;
  readonly baseUrl: string | undefined;
  /** The variable that holds the key. */
  readonly key: string | undefined;
  readonly strategy: readonly string[];
  readonly attempts: number | undefined;
  /** Options besides these, as they are written. */
  readonly others: readonly string[];
}

/** Options of a client that become settings, or are no options of the model. */
const SETTINGS = /^(?:provider|options|retry_policy|model|base_url|api_key|strategy|\}|\]|\{|"|$)/;

/** The functions that take the thread as one text and answer with classes that have an intent. */
export function stepPrompts(files: Files): readonly StepPrompt[] {
  const all = declarationsIn(files);
  const ofKind = (kind: string) => all.filter((one) => one.kind === kind);
  const classes = new Map(ofKind("class").map(({ name, text }) => [name, classOf(name, text)]));
  const aliases = new Map(
    ofKind("type").map(({ name, text }) => [name, namesIn(text.replace(/^[^=]*=/, ""))]),
  );
  const membersOf = (names: readonly string[]): readonly string[] =>
    names.flatMap((name) => {
      const members = aliases.get(name);
      // An alias of itself ends here.
      aliases.delete(name);
      const own = members === undefined ? [name] : membersOf(members);
      if (members !== undefined) aliases.set(name, members);
      return own;
    });
  return ofKind("function").flatMap(({ name, file, text }) => {
    const [, parameters = "", union = ""] = /^[^(]*\(([^)]*)\)\s*->\s*([^{]+)\{/.exec(text) ?? [];
    const members = [...new Set(membersOf(namesIn(union)))];
    const steps = members
      .flatMap((member) => classes.get(member) ?? [])
      .filter((one) => one.intents.length > 0);
    if (!/^\s*\w+\s*:\s*string\s*,?\s*$/.test(parameters) || steps.length === 0) return [];
    const withIntent = new Set(steps.map((step) => step.name));
    return [
      {
        name,
        file,
        client: /^\s*client\s+"?([\w./:@-]+)"?/m.exec(text)?.[1] ?? "",
        steps,
        withoutIntent: members.filter((member) => !withIntent.has(member)),
      },
    ];
  });
}

function classOf(name: string, text: string): StepClass {
  const body = text.slice(text.indexOf("{") + 1, text.lastIndexOf("}"));
  const intent = /^\s*intent\s+((?:"[^"]*"[\s|()]*)+)/m.exec(body)?.[1] ?? "";
  const fields = [...body.matchAll(/^\s*([A-Za-z]\w*)\s+([\w"({][^@\n]*)/gm)].map(
    ([, field = "", type = ""]): [string, string] => [field, type.trim()],
  );
  return {
    name,
    intents: [...intent.matchAll(/"([^"]*)"/g)].map(([, value = ""]) => value),
    fields: new Map(fields.filter(([field]) => field !== "intent")),
  };
}

const namesIn = (union: string) =>
  union.split("|").map((member) => member.replace(/@[\s\S]*$/, "").replace(/[\s()[\]?]/g, ""));

interface FoundDeclaration extends Declaration {
  readonly file: string;
}

/** The declarations without their comments, and with nothing in their raw strings: what stands there declares nothing. */
function declarationsIn(files: Files): readonly FoundDeclaration[] {
  return [...files].flatMap(([file, source]) =>
    declarations({ [file]: source }).map((one) => ({ ...one, file, text: withoutProse(one.text) })),
  );
}

function withoutProse(text: string): string {
  return text.replace(
    /(#+)"[\s\S]*?"\1|("(?:[^"\\]|\\[\s\S])*")|\/\/[^\n]*/g,
    (_, raw: string | undefined, quoted: string | undefined) => (raw === undefined ? (quoted ?? "") : '""'),
  );
}

/** The clients by name. */
export function clientsIn(files: Files): ReadonlyMap<string, BamlClient> {
  const all = declarationsIn(files);
  const retries = new Map(
    all
      .filter(({ kind }) => kind === "retry_policy")
      .map(({ name, text }) => [name, Number(/\bmax_retries\s+(\d+)/.exec(text)?.[1] ?? 0)]),
  );
  const clients = all.filter(({ kind }) => kind === "client");
  return new Map(
    clients.map(({ name, text }) => {
      const option = (key: string) => new RegExp(`^\\s*${key}\\s+"?([^"\\s]+)"?`, "m").exec(text)?.[1];
      const again = retries.get(option("retry_policy") ?? "");
      const client: BamlClient = {
        provider: option("provider") ?? "",
        model: option("model"),
        baseUrl: option("base_url"),
        key: /^\s*api_key\s+env\.(\w+)/m.exec(text)?.[1],
        strategy: /strategy\s*\[([^\]]*)\]/.exec(text)?.[1]?.match(/[\w./:-]+/g) ?? [],
        attempts: again === undefined ? undefined : again + 1,
        others: text
          .slice(text.indexOf("{") + 1)
          .split("\n")
          .map((line) => line.trim())
          .filter((line) => !SETTINGS.test(line)),
      };
      return [name, client];
    }),
  );
}

/** The variables that the sources read. */
export function variablesIn(files: Files): readonly string[] {
  return [...new Set([...allText(files).matchAll(/\benv\.([A-Za-z_]\w*)/g)].map(([, name = ""]) => name))];
}

const GENERATOR = /^generator\s+\w+\s*\{[^}]*\}/gm;

export function countGenerators(files: Files): number {
  return [...files.values()].reduce((sum, text) => sum + (text.match(GENERATOR) ?? []).length, 0);
}

/** The sources with one generator, of this version, in the place of their own; all else is as it was. */
export function withGenerator(files: Files, generator: string): Files {
  let written = false;
  const all = new Map(
    [...files].map(([file, text]) => [
      file,
      text.replace(GENERATOR, () => {
        const first = !written;
        written = true;
        return first ? generator : "";
      }),
    ]),
  );
  if (!written) all.set("generators.baml", `${generator}\n`);
  return all;
}

/** What the sources say, without comments. */
function allText(files: Files): string {
  return [...files.values()].join("\n").replace(/^\s*\/\/.*$/gm, "");
}
