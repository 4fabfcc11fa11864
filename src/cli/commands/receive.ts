import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { NotFoundError, UsageError } from "../../base/errors.ts";
import type { Channel } from "../../humans/channel.ts";
import { visibleLine } from "../../present/visible-text.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { EXIT } from "../exit.ts";
import type { Session } from "../session.ts";

/** What mail servers take as "try again later". */
const TRY_LATER = 75;

interface Outcome {
  readonly kind: string;
  readonly threadId?: string | undefined;
  readonly why?: string | undefined;
}

/** A channel that takes what a mail server hands it by a pipe. */
interface AcceptingChannel extends Channel {
  accept(raw: Uint8Array, runtime: Runtime): Promise<Outcome>;
}

function isAccepting(channel: Channel): channel is AcceptingChannel {
  return "accept" in channel && typeof channel.accept === "function";
}

/**
 * `twelvefold receive <channel>`: takes one message from standard input, for a mail server that pipes each mail. A mail that can
 * never be used is taken all the same: its sender would only get a bounce.
 */
export async function receive(
  session: Session,
  name: string,
  input: Readable = process.stdin,
): Promise<number> {
  const { terminal, json } = session;
  const tryLater = (error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    terminal.err(visibleLine(`try again later: ${why}`, 1_000));
    return TRY_LATER;
  };
  let channels: readonly Channel[];
  try {
    ({ channels = [] } = await session.config());
  } catch (error) {
    // It can be mended: until then, no mail bounces.
    return tryLater(error);
  }
  const accepting = channels.filter(isAccepting);
  const channel = accepting.find((one) => one.name === name);
  if (channel === undefined) {
    const known = accepting.map((one) => one.name).join(", ") || "none";
    throw new NotFoundError(
      `no channel called "${name}" takes messages from standard input; known: ${known}`,
    );
  }
  const raw = await buffer(input);
  if (raw.length === 0) throw new UsageError("invalid_argument", "there is no message on standard input");
  let outcome: Outcome;
  try {
    outcome = await channel.accept(raw, await session.receivingRuntime());
  } catch (error) {
    return tryLater(error);
  }
  const { kind, threadId, why } = outcome;
  if (json) terminal.out(JSON.stringify({ kind, threadId, why }));
  else
    terminal.out(visibleLine([kind, threadId, why].filter((part) => part !== undefined).join(": "), 1_000));
  return EXIT.ok;
}
