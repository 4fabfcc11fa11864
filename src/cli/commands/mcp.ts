import { verifiedBy } from "../../humans/principal.ts";
import { serveMcpStdio } from "../../protocols/mcp/index.ts";
import { EXIT } from "../exit.ts";
import type { Session } from "../session.ts";

/** `twelvefold mcp`: serves the agents as tools over standard input and output, until the client closes it. */
export async function mcp(session: Session): Promise<number> {
  const runtime = await session.lastingRuntime(true);
  runtime.start();
  await serveMcpStdio({ runtime }, verifiedBy("mcp", session.person.id));
  return EXIT.ok;
}
