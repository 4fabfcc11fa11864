import type { VersionChange } from "../thread/events.ts";
import type { ThreadHead } from "../thread/thread.ts";
import type { Agent } from "./agent.ts";

/** What keeps a thread from going on with the agent as it is now until a person lets it; `undefined` if nothing does. */
export function refusedVersion(
  { state }: Pick<ThreadHead, "state">,
  { version, onVersionChange }: Pick<Agent, "version" | "onVersionChange">,
): VersionChange | undefined {
  const to = version ?? null;
  return onVersionChange === "float" || state.version === to ? undefined : { from: state.version, to };
}
