import { describe, expect, it } from "vitest";
import { calculator } from "../../src/agents/calculator/agent.ts";
import { defineConfig } from "../../src/config.ts";

const define = (config: object) => () => defineConfig(Object.assign({ agents: [] }, config));

describe("defineConfig", () => {
  it("returns a configuration that fits as it is", () => {
    const config = { agents: [calculator], concurrency: 2 };
    expect(defineConfig(config)).toBe(config);
  });

  it.each([
    [{ agents: [] }, "agents: needs at least 1"],
    [{ agents: [{}] }, "agents.0"],
    [{ agents: [calculator, calculator] }, 'agents: two have the name "calculator"'],
    [{ agents: [calculator], apiKeys: [] }, 'unknown option "apiKeys"; known: agents, store'],
    [{ agents: [calculator], concurrency: 0 }, "concurrency"],
    [{ agents: [calculator], channels: ["slack"] }, "channels.0"],
    [{ agents: [calculator], people: { ada: "web:ada" } }, "people.ada"],
    [{ agents: [calculator], server: { keys: "x" } }, "server.keys"],
    [{ agents: [calculator], server: { key: [] } }, 'server: unknown option "key"; known: keys'],
    [
      { agents: [calculator], server: { publicUrl: "agents.example.com" } },
      "server.publicUrl: must be an address",
    ],
    [
      {
        agents: [calculator],
        server: {
          webhooks: [
            { name: "a", secrets: ["x"], action: () => ({}) },
            { name: "a", secrets: ["x"], action: () => ({}) },
          ],
        },
      },
      'server.webhooks: two have the name "a"',
    ],
    [
      {
        agents: [calculator],
        server: {
          cron: [
            { name: "a", agent: "b" },
            { name: "a", agent: "b" },
          ],
        },
      },
      'server.cron: two have the name "a"',
    ],
  ])("refuses %j", (config, said) => {
    expect(define(config)).toThrow(said);
  });
});
