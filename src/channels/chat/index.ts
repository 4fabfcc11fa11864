// `twelvefold/chat`: people on chat platforms write to agents, and decide on cards.
export { type ChatChannelOptions, chatChannel } from "./channel.ts";
export {
  type ButtonOf,
  type ChatForm,
  type ChatMessage,
  type ChatPerson,
  type ChatPlatform,
  type Conversation,
  type FormField,
  type Incoming,
  NotFromPlatform,
  type Place,
  type PostedMessage,
} from "./platform.ts";
export { type SlackOptions, slack } from "./slack.ts";
