import { accessSync, constants, existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { UsageError } from "../../base/errors.ts";
import { type ClientState, clientStates } from "./client-state.ts";
import { generateClients } from "./generate-client.ts";

export interface FreshClientOptions {
  readonly project: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  say(text: string): void;
}

/**
 * Generates a project's BAML client anew where it is missing or not that of the present sources, and says so. Where that
 * must not be (`NODE_ENV=production`) or cannot be (a folder that is not writable), gives what to do instead: no agent may
 * start with another prompt than the one that stands in the sources. A project without sources has nothing to compare.
 */
export async function freshenClient({
  project,
  env,
  say,
}: FreshClientOptions): Promise<UsageError | undefined> {
  const sources = join(project, "baml_src");
  if (!existsSync(sources)) return undefined;
  const wrong = clientStates(sources).filter(({ problem }) => problem !== undefined);
  const [first] = wrong;
  if (first === undefined) return undefined;
  const what = `${relative(project, first.folder) || first.folder} ${WORDS[first.problem ?? "stale"]}`;
  if (env["NODE_ENV"] === "production") return refusal(`${what}, and NODE_ENV is production`);
  if (!wrong.every(({ folder }) => canWrite(folder))) return refusal(`${what}, and cannot be written here`);
  say(`${what}: generating it…`);
  await generateClients(project, env);
  return undefined;
}

const WORDS: { readonly [P in NonNullable<ClientState["problem"]>]: string } = {
  missing: "is missing",
  stale: "is not generated from the present baml_src",
  unpatched: "was generated without twelvefold, and Node cannot run it as it is",
};

function refusal(what: string): UsageError {
  return new UsageError(
    "invalid_configuration",
    `${what}: run \`npx twelvefold generate\` where the project is built`,
  );
}

function canWrite(folder: string): boolean {
  try {
    accessSync(existsSync(folder) ? folder : dirname(folder), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
