// What `import … from "twelvefold/replay"` gives: a thread made again from its recording.
export { replayThread } from "./replay.ts";
