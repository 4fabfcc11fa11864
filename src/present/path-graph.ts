import type { ThreadEvent } from "../thread/events.ts";
import { inWords, visible } from "./text.ts";

export interface PathNode {
  readonly id: string;
  readonly label: string;
  readonly kind: "start" | "step" | "person" | "end" | "failed";
  /** How often the path came through. */
  visits: number;
}

export interface PathEdge {
  readonly from: string;
  readonly to: string;
  /** How often the path went this way. */
  times: number;
}

/** The path that a thread really took: what it went through, in the order of first visits. */
export interface PathGraph {
  readonly nodes: readonly PathNode[];
  readonly edges: readonly PathEdge[];
}

/** Pure. Steps of the same intent are one node; a person who decided is a node between. */
export function pathOf(events: readonly ThreadEvent[]): PathGraph {
  const nodes = new Map<string, PathNode>();
  const edges = new Map<string, PathEdge>();
  let before: string | null = null;
  const visit = (id: string, label: string, kind: PathNode["kind"]) => {
    const node = nodes.get(id);
    if (node === undefined) nodes.set(id, { id, label, kind, visits: 1 });
    else node.visits += 1;
    if (before !== null) {
      const edge = edges.get(`${before}\n${id}`);
      if (edge === undefined) edges.set(`${before}\n${id}`, { from: before, to: id, times: 1 });
      else edge.times += 1;
    }
    before = id;
  };
  for (const event of events) {
    switch (event.type) {
      case "message_received":
        visit("message", "Message", "start");
        break;
      case "event_received":
        if (event.data.callId === undefined) visit("event", `Event ${visible(event.data.name)}`, "start");
        break;
      case "step_proposed":
        visit(`step:${event.data.step.intent}`, inWords(event.data.step.intent), "step");
        break;
      case "human_responded": {
        const { kind } = event.data.decision;
        const word = kind === "approved" ? "Approved" : kind === "denied" ? "Denied" : "Answered";
        visit(`person:${word}`, word, "person");
        break;
      }
      case "request_expired":
        if (event.data.outcome === "deny") visit("person:expired", "Nobody decided", "failed");
        else visit("person:again", "Asked again", "person");
        break;
      case "finished":
        visit("end:finished", "Finished", "end");
        break;
      case "failed":
        visit("end:failed", "Failed", "failed");
        break;
      case "cancelled":
        visit("end:cancelled", "Cancelled", "failed");
        break;
      default:
    }
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()] };
}
