// What `import … from "twelvefold/present"` gives: threads in words, as files and as drawings, for people.
export type { CallId, ThreadId } from "../base/ids.ts";
export type { Json, JsonObject } from "../base/json.ts";
export type {
  ErrorInfo,
  EventData,
  EventType,
  HumanDecision,
  Principal,
  ThreadEvent,
} from "../thread/events.ts";
export type { ThreadState } from "../thread/state.ts";
export type { Thread } from "../thread/thread.ts";
export {
  describeDecision,
  describeEvent,
  type EventDescription,
  type EventKind,
  type Tone,
} from "./describe-event.ts";
export {
  describeClosed,
  describeNews,
  describeRequest,
  type RequestInWords,
  type RequestPart,
} from "./describe-request.ts";
export { exportHtml, exportJson, exportMarkdown } from "./export.ts";
export {
  type GraphEdge,
  type GraphNode,
  graphInWords,
  type Outcome,
  type ThreadGraph,
  threadGraph,
  toMermaid,
} from "./graph.ts";
export type { SvgOptions } from "./graph-svg.ts";
export { toSvg } from "./graph-svg.ts";
export { fullNameOf, nameOf } from "./people.ts";
export {
  clip,
  countOf,
  inWords,
  visible,
  visibleFields,
  visibleLine,
  visibleValue,
} from "./visible-text.ts";
