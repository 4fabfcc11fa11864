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
  readonly prompt: string;
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
}

/** The functions that take the thread as one text and answer with classes that have an intent. */
export function stepPrompts(files: Files): readonly StepPrompt[] {
  const text = allText(files);
  const classes = classesIn(text);
  const aliases = new Map(
    [...text.matchAll(/^type\s+(\w+)\s*=\s*([^\n]+(?:\n\s*\|[^\n]+)*)/gm)].map(
      ([, name = "", union = ""]) => [name, namesIn(union)],
    ),
  );
  const membersOf = (names: readonly string[]): readonly string[] =>
    names.flatMap((name) => {
      const members = aliases.get(name);
      // An alias of itself ends here.
      aliases.delete(name);
      const all = members === undefined ? [name] : membersOf(members);
      if (members !== undefined) aliases.set(name, members);
      return all;
    });
  return [...files].flatMap(([file, source]) =>
    [...source.matchAll(/^function\s+(\w+)\s*\(([^)]*)\)\s*->\s*([^{]+)\{([\s\S]*?)^\}/gm)].flatMap(
      ([, name = "", parameters = "", union = "", body = ""]) => {
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
            client: /^\s*client\s+"?([\w./:@-]+)"?/m.exec(body)?.[1] ?? "",
            prompt: /prompt\s+#+"([\s\S]*?)"#/.exec(body)?.[1] ?? "",
            steps,
            withoutIntent: members.filter((member) => !withIntent.has(member)),
          },
        ];
      },
    ),
  );
}

function classesIn(text: string): ReadonlyMap<string, StepClass> {
  const found = text.matchAll(/^class\s+(\w+)\s*\{((?:"(?:[^"\\]|\\.)*"|[^}"])*)\}/gm);
  return new Map(
    [...found].map(([, name = "", body = ""]) => {
      const intent = /^\s*intent\s+((?:"[^"]*"[\s|()]*)+)/m.exec(body)?.[1] ?? "";
      const fields = [...body.matchAll(/^\s*([A-Za-z]\w*)\s+([\w"({][^@\n]*)/gm)].map(
        ([, field = "", type = ""]): [string, string] => [field, type.trim()],
      );
      return [
        name,
        {
          name,
          intents: [...intent.matchAll(/"([^"]*)"/g)].map(([, value = ""]) => value),
          fields: new Map(fields.filter(([field]) => field !== "intent")),
        },
      ];
    }),
  );
}

const namesIn = (union: string) =>
  union.split("|").map((member) => member.replace(/@.*$/, "").replace(/[\s()[\]?]/g, ""));

/** The clients by name. */
export function clientsIn(files: Files): ReadonlyMap<string, BamlClient> {
  const text = allText(files);
  const retries = new Map(
    [...text.matchAll(/^retry_policy\s+(\w+)\s*\{[\s\S]*?max_retries\s+(\d+)/gm)].map(
      ([, name = "", times]) => [name, Number(times)],
    ),
  );
  return new Map(
    [...text.matchAll(/^client(?:<llm>)?\s+(\w+)\s*\{([\s\S]*?)^\}/gm)].map(([, name = "", body = ""]) => {
      const option = (key: string) => new RegExp(`^\\s*${key}\\s+"?([^"\\s]+)"?`, "m").exec(body)?.[1];
      const again = retries.get(option("retry_policy") ?? "");
      const client: BamlClient = {
        provider: option("provider") ?? "",
        model: option("model"),
        baseUrl: option("base_url"),
        key: /^\s*api_key\s+env\.(\w+)/m.exec(body)?.[1],
        strategy: /strategy\s*\[([^\]]*)\]/.exec(body)?.[1]?.match(/[\w./:-]+/g) ?? [],
        attempts: again === undefined ? undefined : again + 1,
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
