import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { droppedIn, type InboundChannel, isInbound } from "../../channels/inbound.ts";
import type { Channel } from "../../humans/channel.ts";
import { visibleLine } from "../../present/visible-text.ts";
import type { RouteDeps } from "../deps.ts";
import type { ServerEnv } from "../env.ts";
import { RequestError } from "../errors.ts";
import type { ServerLog } from "../log.ts";

/** `/channels/<name>`: what chat platforms, mail servers and the like send. Each channel checks for itself who sent it. */
export function channelRoutes({ runtime, limits }: RouteDeps, channels: readonly Channel[], log: ServerLog) {
  const app = new Hono<ServerEnv>();
  for (const channel of channels.filter(isInbound)) {
    const maxSize = channel.maxBytes ?? limits.bodyBytes;
    const path = `/channels/${channel.name}`;
    app.use(
      path,
      bodyLimit({
        maxSize,
        onError: () => {
          throw new RequestError(413, `a body has at most ${maxSize} bytes`);
        },
      }),
    );
    app.post(path, (c) => take(channel, c.req.raw));
  }
  return app.all("/channels/*", (c) => {
    throw new RequestError(404, `there is nothing at ${c.req.method} ${c.req.path}`);
  });

  async function take(channel: InboundChannel, request: Request): Promise<Response> {
    const answer = await channel.receive(request, runtime);
    const { status, headers, body } = answer;
    const why = droppedIn(answer);
    if (why !== undefined)
      log.warn({ channel: channel.name, why: visibleLine(why) }, "a delivery was dropped");
    // The headers of an answer that somebody else made cannot be changed.
    return new Response(body, { status, headers: new Headers(headers) });
  }
}
