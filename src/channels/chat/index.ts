// `twelvefold/chat`: people on chat platforms write to agents, and decide on cards.
export { type ChatChannelOptions, chatChannel } from "./channel.ts";
export { type DiscordOptions, discord } from "./discord.ts";
export {
  type ButtonOf,
  type ChatAnswer,
  type ChatClick,
  type ChatForm,
  type ChatLimits,
  type ChatMessage,
  type ChatPerson,
  type ChatPlatform,
  type ChatText,
  type Conversation,
  type FormButton,
  type FormField,
  type Incoming,
  type Later,
  NotFromPlatform,
  type Place,
  type PostedMessage,
  type Posting,
} from "./platform.ts";
export { type SlackOptions, slack } from "./slack.ts";
export { type TeamsOptions, teams } from "./teams.ts";
export { type TelegramOptions, telegram } from "./telegram.ts";
