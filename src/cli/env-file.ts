import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../base/errors.ts";

/** Variables that Node reads only when it starts. */
const READ_AT_START = [
  "NODE_USE_ENV_PROXY",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "NODE_EXTRA_CA_CERTS",
  "NODE_OPTIONS",
];

/**
 * Adds the variables of the `.env` file in a folder to an environment; variables that are already set stay as they are.
 * Returns the names of those that come too late, because Node reads them only when it starts. Throws `UsageError`
 * (`invalid_configuration`) if the file cannot be read or is not UTF-8.
 */
export async function readEnvFile(
  folder: string,
  environment: Record<string, string | undefined>,
): Promise<readonly string[]> {
  const path = join(folder, ".env");
  if (!existsSync(path)) return [];
  checkEncoding(path);
  const before = new Set(Object.keys(environment));
  const { config } = await import("dotenv");
  const added: Record<string, string> = {};
  const { error } = config({ path, quiet: true, processEnv: added });
  if (error !== undefined) throw readingError(path, error);
  const news = Object.entries(added).filter(([name]) => !before.has(name));
  for (const [name, value] of news) environment[name] = value;
  return news.flatMap(([name, value]) => (READ_AT_START.includes(name) && value !== "" ? [name] : []));
}

function readingError(path: string, error: Error): UsageError {
  return new UsageError("invalid_configuration", `${path} cannot be read: ${error.message}`, {
    cause: error,
  });
}

function checkEncoding(path: string): void {
  const [first, second] = bytesOf(path);
  const isUtf16 =
    (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff) || first === 0 || second === 0;
  if (!isUtf16) return;
  throw new UsageError(
    "invalid_configuration",
    `${path} is UTF-16: save it as UTF-8 (with or without a byte order mark)`,
  );
}

function bytesOf(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw error instanceof Error ? readingError(path, error) : error;
  }
}

/** The message about variables that come too late. */
export function tooLate(names: readonly string[]): string {
  return `${names.join(", ")} in .env ${names.length === 1 ? "comes" : "come"} too late: Node reads such settings when it starts; set them in the environment`;
}
