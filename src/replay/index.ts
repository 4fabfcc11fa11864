// What `import … from "twelvefold/replay"` gives: rebuilding a thread from its recording.
export { replayThread } from "./replay.ts";
