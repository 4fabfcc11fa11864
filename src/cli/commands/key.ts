import { UsageError } from "../../base/errors.ts";
import { newApiKey } from "../../server/api-key.ts";
import { SCOPES } from "../../server/scopes.ts";
import { EXIT } from "../exit.ts";
import type { Session } from "../session.ts";

/**
 * `twelvefold key <id>`: makes an API key. Nothing is stored: the digest goes into the configuration, the key to the
 * person.
 */
export async function key(
  session: Session,
  id: string,
  options: { readonly scopes: string },
): Promise<number> {
  if (!/^[\w.@-]{1,64}$/.test(id)) {
    throw new UsageError("invalid_argument", "a key's id has 1 to 64 letters, digits, `_`, `.`, `@` or `-`");
  }
  const scopes = options.scopes.split(",").map((scope) => scope.trim());
  const unknown = scopes.filter((scope) => !SCOPES.some((known) => known === scope));
  if (unknown.length > 0) {
    throw new UsageError(
      "invalid_argument",
      `--scopes takes ${SCOPES.join(", ")}, not ${unknown.join(", ")}`,
    );
  }
  const made = newApiKey();
  const entry = { id, digest: made.digest, scopes, principal: { id } };
  if (session.json) session.terminal.out(JSON.stringify({ key: made.key, entry }, null, 2));
  else {
    session.terminal.out(made.key);
    session.terminal.err(
      "This is the key; it is not shown again. Add to twelvefold.config.ts, under server.keys:",
    );
    session.terminal.err(JSON.stringify(entry));
  }
  return EXIT.ok;
}
