import {
  anything,
  both,
  distinct,
  fields,
  fieldsAtLeast,
  list,
  numberFrom,
  optional,
  text,
} from "../base/checks.ts";
import {
  address,
  callback,
  count,
  durationMs,
  nonEmptyName,
  objectWith,
  secretText,
} from "../base/options.ts";
import { CHANNELS } from "../humans/channel-options.ts";
import { CRON_TRIGGERS, WEBHOOKS } from "../triggers/options.ts";
import { basePathText } from "./base-path.ts";
import { AUTH_OPTIONS } from "./callers.ts";

const app = objectWith("fetch", "route");

const OF_BOTH = {
  runtime: objectWith("launch", "respond", "subscribe"),
  inbox: optional(app),
  assets: optional(app),
  basePath: optional(basePathText),
  publicUrl: optional(address),
  webhooks: optional(WEBHOOKS),
  protocols: optional(
    both(list(fieldsAtLeast({ name: nonEmptyName, routes: list(anything, 1) })), distinct("name")),
  ),
  allowedOrigins: optional(list(address)),
  channels: optional(CHANNELS),
  secret: optional(secretText),
  limits: optional(
    fields({
      bodyBytes: optional(count),
      bodyValues: optional(count),
      requestsPerSecond: optional(count),
      burst: optional(count),
      streams: optional(count),
    }),
  ),
  log: optional(objectWith("info", "warn", "error")),
  clock: optional(objectWith("now", "sleep")),
  pollMs: optional(durationMs),
  heartbeatMs: optional(durationMs),
};

/** What `createServer` takes. */
export const SERVER_OPTIONS = fields({ ...OF_BOTH, auth: AUTH_OPTIONS, remoteAddress: optional(callback) });

/** What `startServer` takes. */
export const START_OPTIONS = fields({
  ...OF_BOTH,
  auth: optional(AUTH_OPTIONS),
  port: optional(numberFrom(0, 65_535, { whole: true })),
  host: optional(text()),
  cron: optional(CRON_TRIGGERS),
});
