import { relative, resolve } from "node:path";
import { freshenClient } from "../baml/fresh-client.ts";
import { generateClients } from "../baml/generate-client.ts";
import { EXIT } from "../exit.ts";
import type { Session } from "../session.ts";

export interface GenerateOptions {
  readonly from?: string;
  /** Only if the client is missing or stale, as before an agent starts. */
  readonly ifStale?: boolean;
}

/**
 * `twelvefold generate`: generates the BAML client, even if it is fresh. With `--if-stale` it does what happens before an
 * agent starts, and throws `UsageError` where a stale client must not be replaced.
 */
export async function generate(session: Session, options: GenerateOptions): Promise<number> {
  const { terminal, env, folder, json } = session;
  if (options.ifStale === true) {
    const refusal = await freshenClient({ project: folder, env, say: (text) => terminal.err(text) });
    if (refusal !== undefined) throw refusal;
    return EXIT.ok;
  }
  const sources = options.from === undefined ? undefined : resolve(folder, options.from);
  const clients = await generateClients(folder, env, sources);
  const names = clients.map((client) => relative(folder, client) || client);
  if (json) terminal.out(JSON.stringify({ clients: names }));
  else for (const name of names) terminal.out(`generated ${name}`);
  return EXIT.ok;
}
