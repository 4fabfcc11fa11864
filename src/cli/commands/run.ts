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
    throw new NotFoundError(`there is no agent "${agent}"; known: ${names.join(", ")}`);
  const given = words.join(" ").trim();
  const message = given === "" && session.terminal.interactive ? await session.terminal.ask("> ") : given;
  if (message === undefined || message.trim() === "") {
    throw new UsageError("invalid_argument", `say what the agent should do: twelvefold run ${agent} "…"`);
  }
  const runtime = await session.runtimeWithModel();
  const { threadId, created } = await runtime.launch({
    agent,
    input: { message, from: session.person },
    once: options.once,
  });
  if (!created) session.terminal.err(`already launched with this key: ${threadId}`);
  return follow(session, runtime, threadId);
}
