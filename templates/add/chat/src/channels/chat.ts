import { chatChannel, slack } from "twelvefold/chat";

/** People write to the agent in Slack, and decide on cards there. chat.md says how to set it up. */
export function createChatChannel(env: Readonly<Record<string, string | undefined>>) {
  const {
    SLACK_SIGNING_SECRET: signingSecret,
    SLACK_TEAM: team,
    SLACK_BOT_TOKEN: token,
    SLACK_REQUESTS_IN: channel,
  } = env;
  if (!signingSecret || !team || !token) {
    throw new Error("the chat channel needs SLACK_SIGNING_SECRET, SLACK_TEAM and SLACK_BOT_TOKEN");
  }
  return chatChannel({
    platform: slack({ signingSecret, teams: { [team]: token } }),
    // The agent that is written to: yours.
    agent: "agent",
    requestsIn: channel ? { team, channel } : undefined,
  });
}
