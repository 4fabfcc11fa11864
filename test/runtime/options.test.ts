import { describe, expect, it } from "vitest";
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
    expect(withOption({ agents: nameless })).toThrow("createRuntime: agents: one has no name");
  });

  it("everything that is wrong is named at once, and an option may be undefined", () => {
    expect(withOption({ concurrency: 0, claimMs: -1 })).toThrow(/concurrency: .*; claimMs: /);
    expect(withOption({ concurrency: undefined, secret: undefined, people: undefined })).not.toThrow();
  });
});
