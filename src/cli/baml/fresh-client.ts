import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { UsageError } from "../../base/errors.ts";
import { type ClientState, clientStates } from "./client-state.ts";
import { canWrite, generateUnlocked, lockOf } from "./generate-client.ts";
import { oneAtATime } from "./one-at-a-time.ts";

export interface FreshClientOptions {
  readonly project: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  say(text: string): void;
}

/**
 * Regenerates a project's BAML client, and says so, if it is missing or stale. If that is not allowed
 * (`NODE_ENV=production`) or not possible (the folder cannot be written), returns an error that says what to do
 * instead: no agent may start with a prompt other than the one in the sources. A project without BAML sources has
 * nothing to compare.
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
  if (!wrong.every(({ folder }) => canWrite(folder)))
    return refusal(`${what}, and its folder cannot be written`);
  await oneAtATime(lockOf(first.folder), async () => {
    // Another process may have done it meanwhile.
    if (clientStates(sources).every(({ problem }) => problem === undefined)) return;
    say(`${what}: generating it…`);
    await generateUnlocked(project, env);
  });
  return undefined;
}

const WORDS: { readonly [P in NonNullable<ClientState["problem"]>]: string } = {
  missing: "is missing",
  stale: "was not generated from the current baml_src",
  unpatched: "was generated without twelvefold, and Node cannot run it as it is",
};

function refusal(what: string): UsageError {
  return new UsageError(
    "invalid_configuration",
    `${what}: run \`npx twelvefold generate\` where the project is built`,
  );
}
