import { accessSync, constants, existsSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { UsageError } from "../../base/errors.ts";
import { bamlComplaint, runBamlCli } from "./baml-cli.ts";
import { clientStates } from "./client-state.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { patchClient } from "./patch-client.ts";

/**
 * Generates the TypeScript clients of a project's BAML sources so that Node runs them without a loader. Returns their
 * folders. Throws `UsageError` (`invalid_configuration`) if there are no sources, or with what is wrong in them.
 *
 * @param sources the folder of the sources. Default: `baml_src` in the project.
 */
export async function generateClients(
  project: string,
  environment: Readonly<Record<string, string | undefined>>,
  sources = join(project, "baml_src"),
): Promise<readonly string[]> {
  const [folder] = existsSync(sources) ? clientStates(sources) : [];
  const generate = () => generateUnlocked(project, environment, sources);
  return folder === undefined ? generate() : oneAtATime(lockOf(folder.folder), generate);
}

/** The lock of those who write this client, beside it. */
export function lockOf(clientFolder: string): string {
  return `${clientFolder}.lock`;
}

/** `generateClients` for whoever holds the lock. */
export async function generateUnlocked(
  project: string,
  environment: Readonly<Record<string, string | undefined>>,
  sources = join(project, "baml_src"),
): Promise<readonly string[]> {
  if (!existsSync(sources)) {
    const message = `there is no ${relative(project, sources) || sources} in ${project}: run this in your project's folder`;
    throw new UsageError("invalid_configuration", message);
  }
  const folders = clientStates(sources).map(({ folder }) => folder);
  if (folders.length === 0) {
    const message = `no generator in ${relative(project, sources)} writes TypeScript: add one with output_type "typescript"`;
    throw new UsageError("invalid_configuration", message);
  }
  const locked = folders.find((folder) => !canWrite(folder));
  if (locked !== undefined) {
    const message = `the BAML client cannot be generated: ${locked} cannot be written`;
    throw new UsageError("invalid_configuration", message);
  }
  const { code, output } = await runBamlCli(project, ["generate", "--from", sources], environment);
  if (code !== 0) {
    const message = `the BAML client cannot be generated: ${bamlComplaint(output) || `baml-cli ended with ${code}`}`;
    throw new UsageError("invalid_configuration", message);
  }
  for (const folder of folders) patchClient(folder);
  return folders;
}

/** Whether a client can be written into this folder. */
export function canWrite(folder: string): boolean {
  try {
    accessSync(existsSync(folder) ? folder : dirname(folder), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
