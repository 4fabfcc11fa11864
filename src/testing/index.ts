// `twelvefold/testing`: fakes that fail on a surprising call and on leftovers, and the contract suites for stores and engines.
export { type EngineProcess, engineContract, type OpenedEngine } from "./engine-contract.ts";
export { type FakeChannel, fakeChannel } from "./fake-channel.ts";
export { type FakeClock, fakeClock } from "./fake-clock.ts";
export { type ScriptedAnswer, type ScriptedSteps, scriptedSteps } from "./scripted-steps.ts";
export { type OpenedStore, storeContract, type TestRunner } from "./store-contract.ts";
