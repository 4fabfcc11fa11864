import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore, createRuntime } from "twelvefold";
import { scriptedSteps } from "twelvefold/testing";
import { type AnswerStep, answerFrom, type NotesStep, sectionAgents } from "../examples/sections.ts";

test("a citation that stands in no document is refused", async () => {
  const documents = new Map([["keys.md", "Room 3 has key 21."]]);
  const answer = (quote: string): AnswerStep => ({
    intent: "answer",
    text: "Key 21.",
    citations: [{ document: "keys.md", quote }],
  });
  const agents = sectionAgents(
    scriptedSteps<NotesStep>([{ intent: "notes", quotes: ["Room 3 has key 21."] }]),
    scriptedSteps<AnswerStep>([answer("key 99"), answer("key 21")]),
    documents,
  );
  const runtime = createRuntime({ agents: Object.values(agents), store: createMemoryStore() });
  runtime.start();
  const { citations } = await answerFrom(agents, "Which key?", { documents, runtime, id: "1" });
  assert.deepEqual(citations, [{ document: "keys.md", quote: "key 21" }]);
  await runtime.stop();
});
