// What `import … from "twelvefold/server"` gives: the HTTP API, its credentials, and what comes in by webhook and clock.

export { addressOf, isAllowed } from "../base/allow-list.ts";
export { verifyWebhook, type WebhookHeaders, webhookHeaders } from "../base/standard-webhooks.ts";
export type { CronOptions } from "../triggers/cron.ts";
export { type CronTrigger, startCron } from "../triggers/cron.ts";
export type { WebhookOptions } from "../triggers/webhook.ts";
export { type Webhook, type WebhookDelivery, webhook } from "../triggers/webhook.ts";
export type { WebhookAction, WebhookLaunch } from "../triggers/webhook-action.ts";
export { type ApiKey, newApiKey } from "./api-key.ts";
export { createServer, createServerApp, type Server, type ServerOptions } from "./app.ts";
export { checkScope, hasScope, requireScope } from "./auth.ts";
export type { AuthOptions, Caller } from "./callers.ts";
export type { Login, ServerEnv } from "./env.ts";
export type { StreamReader } from "./event-stream.ts";
export { createEventStreams, type EventStreamOptions, type EventStreams } from "./event-stream.ts";
export type { ServerLimits } from "./limits.ts";
export { type LinkOptions, requestLink } from "./links.ts";
export type { ServerLog } from "./log.ts";
export { type LogOptions, serverLog } from "./pino-log.ts";
export type { Scope } from "./scopes.ts";
export { csrfToken, type Grant, issueLoginToken } from "./session.ts";
export { type StartedServer, type StartOptions, startServer } from "./start.ts";
