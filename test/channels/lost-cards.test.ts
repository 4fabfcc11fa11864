import { afterAll, afterEach, describe, expect, it } from "vitest";
import { chatChannel } from "../../src/channels/chat/index.ts";
import { createRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import { fakeClock } from "../../src/testing/fake-clock.ts";
import {
  discordWorld,
  type Shown,
  slackWorld,
  teamsWorld,
  telegramWorld,
  type World,
} from "./chat-worlds.ts";
import { deskAgent } from "./desk-agent.ts";

const worlds: World[] = [];
const runtimes: Runtime[] = [];
afterEach(async () => {
  for (const runtime of runtimes.splice(0)) await runtime.stop();
  for (const world of worlds) world.reset();
});
afterAll(async () => {
  for (const world of worlds) await world.close();
});

/** A request whose first card was posted, and not noted down: as by a process that died in between. */
async function lostCard(world: World) {
  worlds.push(world);
  const clock = fakeClock(Date.UTC(2026, 10, 26, 9));
  const memory = createMemoryStore();
  let isLost = true;
  const store: ThreadStore = {
    ...memory,
    async setValue(key, ...rest) {
      if (!isLost || !key.includes(":cards:")) return memory.setValue(key, ...rest);
      isLost = false;
      throw new Error("the process has died");
    },
  };
  const boss = world.who(world.people.boss);
  const script = [
    { intent: "pay", amount: 40, to: "ann" },
    { intent: "done", message: "paid" },
  ] as const;
  const { agent, paid } = deskAgent(script, { approvers: [boss] });
  const requestsIn = { team: world.team, channel: world.desk };
  const channel = chatChannel({ platform: world.platform, agent: "desk", requestsIn, clock });
  const runtime = createRuntime({ agents: [agent], store, channels: [channel], clock, claimMs: 3_600_000 });
  runtimes.push(runtime);
  const { threadId } = await runtime.launch({
    agent: "desk",
    input: { event: { name: "bill", source: "shop", payload: null }, from: "system" },
  });
  await runtime.settled(threadId);
  runtime.start();
  await clock.advance(10_000);
  await expect
    .poll(async () => (await runtime.get(threadId)).state.request?.deliveries)
    .toMatchObject({ [channel.name]: { ok: true } });
  const answers: string[] = [];
  return {
    paid,
    posted: world.posted(),
    told: () => world.told(answers),
    async approve({ id, channel: place, buttons }: Shown) {
      const value = buttons.get("approve") ?? "";
      const click = world.press({ user: world.people.boss, channel: place, id, action: "approve", value });
      const response = await channel.receive(world.sign(click, { at: clock.now() }), runtime);
      answers.push(await response.text());
      await runtime.settled(threadId);
    },
  };
}

const PATIENT = { interval: 5, timeout: 5_000 };

describe("a card that was posted by a process that did not live to note it down", {
  tags: ["F7.3", "F7.6", "F11.1"],
}, () => {
  it.each(Object.entries({ slackWorld, teamsWorld, discordWorld, telegramWorld }))(
    "%s: decides nothing, says so to whoever clicks, and loses its buttons",
    async (_name, open) => {
      const world = await open();
      const { approve, posted, paid, told } = await lostCard(world);
      const [lost, card] = posted;
      if (lost === undefined || card === undefined) throw new Error("not posted twice");
      await approve(lost);
      expect(paid).toEqual([]);
      await expect.poll(() => world.changed().map(({ id }) => id), PATIENT).toContain(lost.id);
      expect(world.changed().find(({ id }) => id === lost.id)?.buttons.size).toBe(0);
      await expect.poll(told, PATIENT).toContain("This is no card of that request. Look at the newer one.");
      await approve(card);
      expect(paid).toEqual(["40 to ann"]);
    },
  );

  it("is found and used in Slack where the app may read", async () => {
    const world = await slackWorld();
    world.state.tellsHistory = true;
    const { approve, posted, paid } = await lostCard(world);
    const [card, ...more] = posted;
    expect([more, world.changed().map(({ id }) => id)]).toEqual([[], [card?.id]]);
    if (card !== undefined) await approve(card);
    expect(paid).toEqual(["40 to ann"]);
  });

  it("is not posted twice by Discord within some minutes: both times it has the same number", async () => {
    const { posted } = await lostCard(await discordWorld());
    const numbers = posted.map(({ raw }) => raw).map((raw) => JSON.parse(JSON.stringify(raw)));
    expect(numbers).toMatchObject([{ enforce_nonce: true }, { enforce_nonce: true }]);
    expect(numbers[0]?.nonce).toMatch(/^[0-9a-f]{24}$/);
    expect(numbers[0]?.nonce).toBe(numbers[1]?.nonce);
  });
});
