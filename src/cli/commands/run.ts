import { NotFoundError, UsageError } from "../../base/errors.ts";
import { follow } from "../follow.ts";
import type { Session } from "../session.ts";

export interface RunOptions {
  /** The idempotency key. */
  readonly once?: string;
}

/** `twelvefold run <agent> <message…>`: launches a thread and follows it. */
export async function run(
  session: Session,
  agent: string,
  words: readonly string[],
  options: RunOptions,
): Promise<number> {
  const { agents } = await session.config();
  const names = agents.map(({ name }) => name);
  if (!names.includes(agent))
    throw new NotFoundError(
      `there is no agent "${agent}"; known: ${names.join(", ")} (\`agents\` of twelvefold.config.ts)`,
    );
  const message = await messageFrom(session, words);
  if (message === undefined || message.trim() === "") {
    throw new UsageError("invalid_argument", `say what the agent should do: npx twelvefold run ${agent} "…"`);
  }
  const runtime = await session.runtimeWithModel();
  const { threadId, created } = await runtime.launch({
    agent,
    input: { message, from: session.person },
    once: options.once,
  });
  // At once: the first answer may take long.
  if (!session.json) session.terminal.err(session.colors.dim(`thread: ${threadId}`));
  if (!created) session.terminal.err(`already launched with this key: ${threadId}`);
  return follow(session, runtime, threadId);
}

/** What was typed behind the command, or is piped in, or is asked for. */
async function messageFrom({ terminal }: Session, words: readonly string[]): Promise<string | undefined> {
  const typed = words.join(" ").trim();
  if (typed !== "") return typed;
  if (terminal.input !== undefined) return (await terminal.input()).trim();
  return terminal.interactive ? terminal.ask("> ") : undefined;
}
