// A process that runs a recipe on a store in a file, to be killed at any time. Prints its result.
import { chainAgents, writeReport } from "../../examples/chain.ts";
import { answerFrom, sectionAgents } from "../../examples/sections.ts";
import { systemClock } from "../../src/base/clock.ts";
import { createRuntime } from "../../src/index.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { answering } from "../examples/kills.ts";

const [file = ""] = process.argv.slice(2);
const documents = new Map(
  Array.from({ length: 20 }, (_, n): [string, string] => [`page-${n}.md`, `Room ${n} has key ${n * 7}.`]),
);
const sections = sectionAgents(
  answering((prompt) => ({ intent: "notes", quotes: [/Room \d+ has key \d+/.exec(prompt)?.[0] ?? ""] })),
  answering(() => ({
    intent: "answer",
    text: "Key 21.",
    citations: [{ document: "page-3.md", quote: "Room 3 has key 21" }],
  })),
  documents,
);
const chain = chainAgents(
  answering(() => ({ intent: "outline", points: ["tea", "cups"] })),
  answering(() => ({ intent: "text", text: "Tea comes in cups." })),
);
const store = await openSqliteStore(file);
const agents = [...Object.values(sections), ...Object.values(chain)];
const runtime = createRuntime({ agents, store, claimMs: 600, sweepMs: 100 });
runtime.start();
console.log("begun");
const answer = await answerFrom(sections, "Which key opens room 3?", { documents, runtime, id: "1" });
const report = await writeReport(chain, "breakfast", { runtime, id: "1" });
console.log(JSON.stringify({ answer, report }));
await systemClock.sleep(0);
await runtime.stop();
await store.close();
