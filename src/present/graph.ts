import type { CallId } from "../base/ids.ts";
import type { ThreadEvent } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";
import { describeEvent } from "./describe-event.ts";

/** One station on the path that a thread has taken: an intent with its outcome, a decision, an end. */
export interface GraphNode {
  readonly id: string;
  readonly kind: "input" | "step" | "person" | "wait" | "trouble" | "end";
  /** In words, with hidden characters visible. */
  readonly label: string;
  /** The outcome, if it is known. */
  readonly outcome?: Outcome | undefined;
  /** How often the path passed through here; 1 or more. */
  readonly visits: number;
  /** The sequence number of the first event that the node stands for. */
  readonly seq: number;
}

export type Outcome = "ok" | "failed" | "refused" | "denied" | "pending";

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  /** How often the path took this way; 1 or more. */
  readonly times: number;
}

/** The path that a thread took, in the order of first visits. */
export interface ThreadGraph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/**
 * Sums up a thread's path: steps of the same intent with the same outcome are one node, and so are decisions of the same
 * kind. The last node is the thread's current status. Pure.
 *
 * @example
 * console.log(toMermaid(threadGraph(thread)));
 */
export function threadGraph({ events, state }: Pick<Thread, "events" | "state">): ThreadGraph {
  const outcomes = outcomesOf(events);
  const nodes = new Map<string, GraphNode>();
  const edges = new Map<string, GraphEdge>();
  let before: string | undefined;
  for (const event of events) {
    const station = stationFor(event, state.request?.seq, outcomes);
    if (station === undefined) continue;
    const name = `${station.kind}\n${station.label}\n${station.outcome ?? ""}`;
    const known = nodes.get(name);
    const id = known?.id ?? `n${nodes.size + 1}`;
    nodes.set(name, { id, ...station, visits: (known?.visits ?? 0) + 1, seq: known?.seq ?? event.seq });
    if (before !== undefined) {
      const way = `${before} ${id}`;
      edges.set(way, { from: before, to: id, times: (edges.get(way)?.times ?? 0) + 1 });
    }
    before = id;
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()] };
}

/** The station for an event; `undefined` if it has none. `pending` is the sequence number of the open request. */
function stationFor(
  event: ThreadEvent,
  pending: number | undefined,
  outcomes: ReadonlyMap<CallId, Outcome>,
): Pick<GraphNode, "kind" | "label" | "outcome"> | undefined {
  const { label } = describeEvent(event);
  switch (event.type) {
    case "message_received":
      return { kind: "input", label };
    case "event_received":
      return event.data.callId === undefined ? { kind: "input", label } : undefined;
    case "step_proposed":
      return { kind: "step", label, outcome: outcomes.get(event.data.callId) ?? "pending" };
    case "step_refused":
      return event.data.callId === undefined ? { kind: "trouble", label } : undefined;
    case "human_asked":
    case "approval_requested":
      return event.seq === pending ? { kind: "wait", label } : undefined;
    case "human_responded":
      return { kind: "person", label };
    case "request_expired":
      return { kind: "trouble", label };
    case "paused":
      return { kind: "wait", label };
    case "finished":
      return { kind: "end", label };
    case "failed":
    case "cancelled":
      return { kind: "trouble", label };
    default:
      return undefined;
  }
}

/** How each call came out in the end. */
function outcomesOf(events: readonly ThreadEvent[]): ReadonlyMap<CallId, Outcome> {
  const outcomes = new Map<CallId, Outcome>();
  for (const event of events) {
    const callId = "callId" in event.data ? event.data.callId : undefined;
    const outcome = outcomeFrom(event);
    if (callId !== undefined && outcome !== undefined) outcomes.set(callId, outcome);
  }
  return outcomes;
}

function outcomeFrom(event: ThreadEvent): Outcome | undefined {
  switch (event.type) {
    case "tool_finished":
    case "child_finished":
    case "event_received":
    case "woke":
    case "finished":
      return "ok";
    case "tool_failed":
    case "child_failed":
    case "tool_unknown":
      return "failed";
    case "step_refused":
      return "refused";
    case "human_responded": {
      const { kind } = event.data.decision;
      if (kind === "denied") return "denied";
      return kind === "answered" || kind === "happened" ? "ok" : undefined;
    }
    default:
      return undefined;
  }
}

/** The text of a node: its label, its outcome unless that is a success, and how often it occurred. */
export function nodeText({ label, outcome, visits }: GraphNode): string {
  const told = outcome === undefined || outcome === "ok" ? label : `${label} (${outcome})`;
  return visits === 1 ? told : `${told} ×${visits}`;
}

/** The same path in words, for people who do not see the drawing. */
export function graphInWords({ nodes, edges }: ThreadGraph): string {
  const text = new Map(nodes.map((node) => [node.id, nodeText(node)]));
  const ways = edges.map(({ from, to, times }) => {
    const often = times > 1 ? ` (${times} times)` : "";
    return `${text.get(from) ?? ""} to ${text.get(to) ?? ""}${often}`;
  });
  const [only] = nodes;
  if (ways.length === 0) return `The path taken: ${only === undefined ? "nothing yet" : nodeText(only)}`;
  return `The path taken: ${ways.join(", ")}`;
}

const SHAPES: { readonly [K in GraphNode["kind"]]: readonly [string, string] } = {
  input: ["([", "])"],
  step: ["[", "]"],
  person: ["{{", "}}"],
  wait: ["(", ")"],
  trouble: [">", "]"],
  end: ["((", "))"],
};

/**
 * The graph as Mermaid text. Labels come from people and models, so every character that means something to Mermaid is
 * written as a code.
 */
export function toMermaid({ nodes, edges }: ThreadGraph): string {
  const lines = nodes.map((node) => {
    const [open, close] = SHAPES[node.kind];
    return `  ${node.id}${open}"${mermaidText(nodeText(node))}"${close}`;
  });
  const arrows = edges.map(({ from, to, times }) =>
    times === 1 ? `  ${from} --> ${to}` : `  ${from} -- "${mermaidText(`×${times}`)}" --> ${to}`,
  );
  return ["flowchart TD", ...lines, ...arrows, ""].join("\n");
}

function mermaidText(text: string): string {
  return Array.from(text.replace(/\s+/gu, " "), (character) =>
    /[\p{L}\p{N} .,:!?()…×-]/u.test(character) ? character : `#${character.codePointAt(0)};`,
  ).join("");
}
