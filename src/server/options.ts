import { z } from "zod";
import { callback, count, durationMs, objectWith, secretText } from "../base/options.ts";
import { authSchema } from "./callers.ts";

const address = z
  .string()
  .refine((text) => URL.canParse(text), "must be an address such as https://agents.example.com");
const app = objectWith("fetch", "route");
const limit = count.optional();

/** What `webhook()` gives. */
const webhooks = z
  .array(z.looseObject({ name: z.string(), secrets: z.array(z.string()).min(1), action: callback }))
  .superRefine((all, context) => {
    const names = all.map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) < index);
    if (twice !== undefined) context.addIssue(`two webhooks have the name ${twice}`);
  });

const shape = {
  runtime: objectWith("launch", "respond", "subscribe"),
  auth: authSchema,
  inbox: app.optional(),
  assets: app.optional(),
  publicUrl: address.optional(),
  webhooks: webhooks.optional(),
  secret: secretText.optional(),
  limits: z
    .strictObject({ bodyBytes: limit, requestsPerSecond: limit, burst: limit, streams: limit })
    .optional(),
  log: objectWith("info", "warn", "error").optional(),
  clock: objectWith("now", "sleep").optional(),
  remoteAddress: callback.optional(),
  pollMs: durationMs.optional(),
  heartbeatMs: durationMs.optional(),
};

export const serverOptionsSchema = z.strictObject(shape);

const { remoteAddress: _, ...ofServer } = shape;

export const startOptionsSchema = z.strictObject({
  ...ofServer,
  auth: authSchema.optional(),
  port: z.number().int().min(0).max(65_535).optional(),
  host: z.string().min(1).optional(),
  cron: z.array(z.looseObject({ name: z.string().min(1) })).optional(),
});
