import type { Agent } from "../agent/agent.ts";
import { NotFoundError } from "../base/errors.ts";

/** The agent of this name. Throws a `NotFoundError` that names the known agents. */
export function agentNamed(agents: ReadonlyMap<string, Agent>, name: string): Agent {
  const agent = agents.get(name);
  if (agent !== undefined) return agent;
  const known = [...agents.keys()].join(", ");
  throw new NotFoundError(`there is no agent "${name}"; known: ${known}`, { agent: name });
}
