// `twelvefold/channels`: ways to tell people about requests, for `channels` of `defineConfig` and `createRuntime`.
export { dropDelivery, type InboundChannel } from "./inbound.ts";
export { type TerminalChannelOptions, terminalChannel } from "./terminal.ts";
export {
  type PostedNews,
  type PostedRequest,
  type WebhookChannelOptions,
  type WebhookMessage,
  webhookChannel,
} from "./webhook-channel.ts";
