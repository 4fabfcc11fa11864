import { relative, resolve } from "node:path";
import { generateClients } from "../baml/generate-client.ts";
import { EXIT } from "../exit.ts";
import type { Session } from "../session.ts";

/** `twelvefold generate`: generates the BAML client, even if it is fresh. */
export async function generate(session: Session, options: { readonly from?: string }): Promise<number> {
  const { terminal, env, folder, json } = session;
  const sources = options.from === undefined ? undefined : resolve(folder, options.from);
  const clients = await generateClients(folder, env, sources);
  const names = clients.map((client) => relative(folder, client) || client);
  if (json) terminal.out(JSON.stringify({ clients: names }));
  else for (const name of names) terminal.out(`generated ${name}`);
  return EXIT.ok;
}
