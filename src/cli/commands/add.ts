import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { NotFoundError, UsageError } from "../../base/errors.ts";
import { EXIT } from "../exit.ts";
import { ADDITIONS, type Addition, declares } from "../scaffold/additions.ts";
import { readPackageFacts } from "../scaffold/package-facts.ts";
import { type Files, writeFiles } from "../scaffold/write-files.ts";
import type { Session } from "../session.ts";

/**
 * `twelvefold add [name]`: copies an agent, a recipe or a channel's wiring, with its test, as source code. Without a
 * name, lists them.
 */
export async function add(
  session: Session,
  name: string | undefined,
  options: { readonly force?: boolean },
): Promise<number> {
  const { terminal, folder, json } = session;
  if (name === undefined) return listAdditions(session);
  const addition = ADDITIONS.find((one) => one.name === name);
  if (addition === undefined) {
    const known = ADDITIONS.map((one) => one.name).join(", ");
    throw new NotFoundError(`there is nothing to add called "${name}"; known: ${known}`);
  }
  if (!existsSync(join(folder, "package.json"))) {
    throw new UsageError(
      "invalid_configuration",
      `there is no package.json in ${folder}: run this in your project's folder (twelvefold init writes one)`,
    );
  }
  const files = missingFiles(addition, readPackageFacts().root, folder);
  writeFiles(folder, files, options.force === true);
  const { packages, next } = addition;
  const names = [...files.keys()];
  if (json) terminal.out(JSON.stringify({ name, files: names, packages, next }));
  else {
    for (const file of names) terminal.out(`wrote ${file}`);
    if (packages.length > 0) terminal.out(`it needs: npm install ${packages.join(" ")}`);
    for (const line of next) terminal.out(`next: ${line}`);
    terminal.out("run its test with the others: npm test");
  }
  return EXIT.ok;
}

/**
 * The files that the project does not have in exactly this form, including what the prompt needs and the project lacks.
 */
function missingFiles(addition: Addition, root: string, project: string): Files {
  const all = new Map(addition.files(root));
  const hasPrompt = [...all.keys()].some((name) => name.startsWith("baml_src/"));
  for (const [name, declaration] of hasPrompt ? NEEDED : []) {
    if (!declares(project, declaration))
      all.set(`baml_src/${name}`, readFileSync(join(root, "baml_src", name), "utf8"));
  }
  return new Map([...all].filter(([name, text]) => textOf(join(project, name)) !== text));
}

const NEEDED: readonly (readonly [string, RegExp])[] = [
  ["human_tools.baml", /^type HumanTools\b/m],
  ["clients.baml", /^client(?:<llm>)? Default\b/m],
  ["generators.baml", /^generator\s/m],
];

function textOf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

function listAdditions({ terminal, json }: Session): number {
  if (json) {
    terminal.out(
      JSON.stringify(ADDITIONS.map(({ name, kind, what, packages }) => ({ name, kind, what, packages }))),
    );
    return EXIT.ok;
  }
  const width = Math.max(...ADDITIONS.map(({ name }) => name.length));
  for (const { name, kind, what } of ADDITIONS)
    terminal.out(`${kind.padEnd(8)} ${name.padEnd(width)}  ${what}`);
  return EXIT.ok;
}
