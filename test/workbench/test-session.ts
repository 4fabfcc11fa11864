import type { Agent } from "../../src/agent/agent.ts";
import { createSession, type Session } from "../../src/cli/session.ts";
import type { ThreadStore } from "../../src/store/store.ts";

export interface TestSession {
  readonly session: Session;
  /** What was said on standard output. */
  readonly said: string[];
  /** What was said on standard error. */
  readonly problems: string[];
}

/** A session in this process, with agents and a store that are there. */
export function testSession(
  folder: string,
  {
    agents,
    store,
    json = false,
    env = {},
  }: {
    readonly agents: readonly Agent[];
    readonly store: ThreadStore;
    readonly json?: boolean;
    readonly env?: Readonly<Record<string, string>>;
  },
): TestSession {
  const said: string[] = [];
  const problems: string[] = [];
  const terminal = {
    interactive: false,
    colors: false,
    out: (text: string) => said.push(text),
    raw: (text: string) => said.push(text),
    err: (text: string) => problems.push(text),
    ask: async () => undefined,
  };
  const { session } = createSession({ terminal, env, folder, json });
  const config = async () => ({ agents: [...agents] });
  return {
    session: {
      ...session,
      config,
      store: async () => store,
      existingStore: async () => store,
      storeToRead: async () => store,
      requireFreshClient: async () => {},
    },
    said,
    problems,
  };
}
