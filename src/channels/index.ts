// `twelvefold/channels`: ways to tell people about requests, for `channels` of `defineConfig` and `createRuntime`.
export {
  type PostedNews,
  type PostedRequest,
  type WebhookChannelOptions,
  type WebhookMessage,
  webhookChannel,
} from "./webhook-channel.ts";
