import type { Channel } from "../humans/channel.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** A channel whose people write back over HTTP: the server hands it what comes to `/channels/<name>`. */
export interface InboundChannel extends Channel {
  /**
   * Takes one delivery of the platform. It must check who sent it before it does anything, and write what it says to a thread
   * before it answers; an answer other than 2xx, or an error, has the platform try again. Called for every request, also for
   * those of strangers; an error's message is not shown to them.
   */
  receive(request: Request, runtime: Runtime): Promise<Response>;
  /** The largest body that it takes, in bytes. Default: that of the server. */
  readonly maxBytes?: number | undefined;
}

/** Whether people can write back over this channel. */
export function isInbound(channel: Channel): channel is InboundChannel {
  return "receive" in channel && typeof channel.receive === "function";
}

const DROPPED = "x-twelvefold-dropped";

/** The answer to a delivery that can never be used: its sender stops, and the server's log says why. */
export function dropDelivery(why: string): Response {
  return Response.json(
    { dropped: why },
    { headers: { [DROPPED]: encodeURIComponent(why.slice(0, 300).toWellFormed()) } },
  );
}

/** Why a delivery was dropped, if this is the answer to one. */
export function droppedIn({ headers }: Pick<Response, "headers">): string | undefined {
  const why = headers.get(DROPPED);
  return why === null ? undefined : decodeURIComponent(why);
}
