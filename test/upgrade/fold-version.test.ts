import { expect, it } from "vitest";
import { sha256 } from "../../src/base/digest.ts";
import { canonicalJson, toJson } from "../../src/base/json.ts";
import { EMPTY_STATE, transition } from "../../src/thread/fold.ts";
import { FOLD_VERSION } from "../../src/thread/kept-state.ts";
import { copyOfFile, openFile, recorded } from "./release.ts";

/* For each version of `fold`, what it makes of every thread of the fixture after every one of its events. */
const DIGESTS: Readonly<Record<number, string>> = {
  1: "d1b33a8200f4bee92cc39fd73fd83542d507f4d17a481455248f22b8fd35e662",
  2: "59c135be80e06efd45b1a8647262ac5fc2ca038c06709ef05c9977b0f49877ab",
};

/*
 * When this fails, the same events give other states than before, and states that files keep must not be used any more:
 * raise FOLD_VERSION and add the digest. As long as a version was not released, its digest may be replaced.
 */
it("fold gives the states that its version stands for", { tags: "F5.5" }, async () => {
  const store = await openFile(await copyOfFile());
  const digests: string[] = [];
  for (const { threadId } of recorded.threads) {
    let state = EMPTY_STATE;
    for (const event of await store.read(threadId)) {
      state = transition(state, event);
      digests.push(sha256(canonicalJson(toJson(state))));
    }
  }
  expect(sha256(digests.join("\n"))).toBe(DIGESTS[FOLD_VERSION]);
});
