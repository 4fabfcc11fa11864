import { UsageError } from "../base/errors.ts";
import { address, problemWith, secretText } from "../base/options.ts";

type Variables = Readonly<Record<string, string | undefined>>;

const DEFAULT_PORT = 3120;
const MAKE_ONE = `node -p "crypto.randomBytes(32).toString('hex')" prints one`;

/** `TWELVEFOLD_SECRET`. Throws `UsageError` for one that could be guessed. */
export function secretIn(env: Variables): string | undefined {
  const secret = env["TWELVEFOLD_SECRET"];
  const problem = secret === undefined ? undefined : problemWith(secret, secretText);
  if (problem === undefined) return secret;
  throw new UsageError("invalid_configuration", `TWELVEFOLD_SECRET ${problem}: ${MAKE_ONE}`);
}

/** `TWELVEFOLD_PUBLIC_URL`. Throws `UsageError` for one that is no address. */
export function publicUrlIn(env: Variables): string | undefined {
  const url = env["TWELVEFOLD_PUBLIC_URL"];
  const problem = url === undefined ? undefined : problemWith(url, address);
  if (problem === undefined) return url;
  throw new UsageError("invalid_configuration", `TWELVEFOLD_PUBLIC_URL ${problem}, not ${url}`);
}

/** A port as `TWELVEFOLD_PORT` has it. Throws `UsageError` for anything else. */
export function portOf(text: string | undefined): number {
  if (text === undefined || text === "") return DEFAULT_PORT;
  if (!/^\d{1,5}$/.test(text))
    throw new UsageError(
      "invalid_configuration",
      `TWELVEFOLD_PORT takes a port number, such as 3120, not ${text}`,
    );
  return Number(text);
}
