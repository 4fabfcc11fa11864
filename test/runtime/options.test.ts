import { describe, expect, it } from "vitest";
import { verifiedBy } from "../../src/humans/principal.ts";
import { createRuntime, type RuntimeOptions } from "../../src/runtime/runtime.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { fakeChannel } from "../../src/testing/fake-channel.ts";
import { fullAgent } from "./full-agent.ts";

const valid = (): RuntimeOptions => ({ agents: [fullAgent([]).agent], store: createMemoryStore() });
const withOption = (option: object) => () => createRuntime({ ...valid(), ...option });

describe("the options of createRuntime", () => {
  it.each<[string, object, string]>([
    ["an unknown option", { concurency: 4 }, 'unknown option "concurency"; known: agents, store'],
    ["no places to run in", { concurrency: 0 }, "concurrency:"],
    ["half a place", { concurrency: 1.5 }, "concurrency:"],
    ["a claim of no time", { claimMs: 0 }, "claimMs:"],
    ["a claim for ever", { claimMs: Number.POSITIVE_INFINITY }, "claimMs:"],
    ["a claim that no store would believe", { claimMs: 3_600_001 }, "claimMs:"],
    ["a look for work every NaN", { sweepMs: Number.NaN }, "sweepMs:"],
    ["a look for work before the last", { sweepMs: -1 }, "sweepMs:"],
    ["a claim of a thousandth", { claimMs: 0.001 }, "claimMs:"],
    ["a look for work without a pause", { sweepMs: 0.001 }, "sweepMs:"],
    ["a channel whose name names many", { channels: [fakeChannel("*")] }, "channels.0.name:"],
    ["a channel whose name ends early", { channels: [fakeChannel("mail:eu")] }, "has a colon"],
    ["a channel whose name nobody sees", { channels: [fakeChannel("ma\u200bil")] }, "that nobody sees"],
    [
      "a channel that is told nothing",
      { channels: [{ name: "mail", deliver: true }] },
      "channels.0.deliver:",
    ],
    [
      "a wish that is no function",
      { channels: [{ ...fakeChannel("mail"), wants: true }] },
      "channels.0.wants:",
    ],
    ["a secret that is short", { secret: "swordfish" }, "needs at least 32 random characters"],
    ["an owner without a name", { owner: "" }, "owner:"],
    ["no model client", { model: { clients: [], strategy: "fallback" } }, "model.clients:"],
    ["an agent that is none", { agents: [{ name: "x" }] }, "must be an agent made by defineAgent"],
    ["a store that is none", { store: {} }, "store: must be an object with append"],
    ["a clock that is none", { clock: Date }, "clock:"],
    ["a text where people belong", { people: { ada: "*:ada" } }, "people.ada:"],
  ])("%s is refused", (_, option, message) => {
    expect(withOption(option)).toThrow(message);
    expect(withOption(option)).toThrow(
      expect.objectContaining({
        code: "invalid_configuration",
        message: expect.stringMatching(/^createRuntime: /),
      }),
    );
  });

  it("two agents of one name are refused, and so are two channels: the later one would win", () => {
    const agents = [fullAgent([]).agent, fullAgent([]).agent];
    expect(withOption({ agents })).toThrow('createRuntime: agents: two have the name "full"');
    const channels = [fakeChannel("mail"), fakeChannel("mail")];
    expect(withOption({ channels })).toThrow('createRuntime: channels: two have the name "mail"');
    const nameless = [{ ...fullAgent([]).agent, name: " " }];
    expect(withOption({ agents: nameless })).toThrow("createRuntime: agents.0.name: has blanks around it");
  });

  it("everything that is wrong is named at once, and an option may be undefined", () => {
    expect(withOption({ concurrency: 0, claimMs: -1 })).toThrow(/concurrency: .*; claimMs: /);
    expect(withOption({ concurrency: undefined, secret: undefined, people: undefined })).not.toThrow();
  });
});

describe("what is asked of a runtime", { tags: "F7.4" }, () => {
  const ada = verifiedBy("web", "ada");
  const nobody = { channel: "", id: "" };
  const event = { name: "paid", source: "shop", payload: 1 };
  const launch = (more: object) => {
    const runtime = createRuntime(valid());
    return Reflect.apply(runtime.launch, runtime, [
      { agent: "full", input: { message: "hi", from: ada }, ...more },
    ]);
  };

  it.each<[string, object, string]>([
    ["an unknown field", { thread: "x" }, 'launch: unknown option "thread"'],
    ["a thread that nobody could name again", { threadId: "x" }, "threadId: is no id of a thread"],
    ["a key that is none", { once: "" }, "once: must be text"],
    ["people that are none", { onBehalfOf: {} }, "onBehalfOf.requesters:"],
    ["nothing to begin with", { input: {} }, "the input: must be { message, from } or { event, from }"],
    ["a message that is no text", { input: { message: 7, from: ada } }, "the input:"],
    ["a message of blanks", { input: { message: " ", from: ada } }, "the message is empty"],
    ["nobody's message", { input: { message: "hi" } }, "nobody is named who does this"],
    [
      "a message of nobody whom a channel knows",
      { input: { message: "hi", from: nobody } },
      "nobody is named",
    ],
    [
      "an event without a name",
      { input: { event: { ...event, name: "" } } },
      "the event: name: must be text",
    ],
    ["an event of nobody whom a channel knows", { input: { event, from: nobody } }, "nobody is named"],
  ])("%s is refused", async (_, more, message) => {
    await expect(launch(more)).rejects.toThrow(message);
    await expect(launch(more)).rejects.toMatchObject({ code: "invalid_argument" });
  });
});
