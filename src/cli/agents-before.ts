import type { Agent } from "../agent/agent.ts";
import { TwelvefoldError } from "../base/errors.ts";
import { agentAt, readRevision } from "../workbench/revision.ts";
import type { Session } from "./session.ts";

/** The agents with the prompts of a revision. Without one, of the last commit, where there is one: most often it sent them. */
export async function agentsBefore(
  { folder }: Session,
  agents: readonly Agent[],
  against: string | undefined,
): Promise<ReadonlyMap<string, Agent>> {
  try {
    const revision = await readRevision(folder, against ?? "HEAD");
    return new Map(agents.map((agent) => [agent.name, agentAt(agent, revision)]));
  } catch (error) {
    if (against !== undefined || !TwelvefoldError.isInstance(error)) throw error;
    return new Map();
  }
}
