import { chatChannel, telegram } from "twelvefold/chat";

/** People write to the agent in Telegram, and decide on cards there. telegram.md says how to set it up. */
export function createTelegramChannel(env: Readonly<Record<string, string | undefined>>) {
  const {
    TELEGRAM_BOT_TOKEN: botToken,
    TELEGRAM_SECRET_TOKEN: secretToken,
    TELEGRAM_BOT_NAME: userName,
    TELEGRAM_REQUESTS_IN: channel,
    TELEGRAM_ALLOW: allowed,
  } = env;
  if (!botToken || !secretToken || !userName) {
    throw new Error(
      "the channel to Telegram needs TELEGRAM_BOT_TOKEN, TELEGRAM_SECRET_TOKEN and TELEGRAM_BOT_NAME",
    );
  }
  return chatChannel({
    platform: telegram({ botToken, secretToken, userName }),
    // The agent that is written to: yours.
    agent: "agent",
    allow: allowed ? allowed.split(",") : undefined,
    requestsIn: channel ? { channel } : undefined,
  });
}
