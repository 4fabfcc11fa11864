import { chatChannel, teams } from "twelvefold/chat";

/** People write to the agent in Microsoft Teams, and decide on cards there. teams.md says how to set it up. */
export function createTeamsChannel(env: Readonly<Record<string, string | undefined>>) {
  const {
    TEAMS_APP_ID: appId,
    TEAMS_CLIENT_SECRET: clientSecret,
    TEAMS_TENANT: tenant,
    TEAMS_REQUESTS_IN: channel,
  } = env;
  if (!appId || !clientSecret || !tenant) {
    throw new Error(
      "the channel to Microsoft Teams needs TEAMS_APP_ID, TEAMS_CLIENT_SECRET and TEAMS_TENANT",
    );
  }
  return chatChannel({
    platform: teams({ appId, clientSecret, tenants: [tenant] }),
    // The agent that is written to: yours.
    agent: "agent",
    requestsIn: channel ? { team: tenant, channel } : undefined,
  });
}
