import { chatChannel, discord } from "twelvefold/chat";

/** People write to the agent in Discord, and decide on cards there. discord.md says how to set it up. */
export function createDiscordChannel(env: Readonly<Record<string, string | undefined>>) {
  const {
    DISCORD_PUBLIC_KEY: publicKey,
    DISCORD_APPLICATION_ID: applicationId,
    DISCORD_BOT_TOKEN: botToken,
    DISCORD_GUILD: guild,
    DISCORD_REQUESTS_IN: channel,
  } = env;
  if (!publicKey || !applicationId || !botToken || !guild) {
    throw new Error(
      "the channel to Discord needs DISCORD_PUBLIC_KEY, DISCORD_APPLICATION_ID, DISCORD_BOT_TOKEN and DISCORD_GUILD",
    );
  }
  return chatChannel({
    platform: discord({ publicKey, applicationId, botToken, guilds: [guild] }),
    // The agent that is written to: yours.
    agent: "agent",
    requestsIn: channel ? { team: guild, channel } : undefined,
  });
}
