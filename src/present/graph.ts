import type { CallId } from "../base/ids.ts";
import type { ThreadEvent } from "../thread/events.ts";

/** One station of the path that a thread has taken. */
export interface GraphNode {
  readonly id: string;
  readonly kind: "input" | "step" | "person" | "wait" | "trouble" | "end";
  readonly label: string;
  /** Number of the event that it stands for. */
  readonly seq: number;
  /** How it came out, where that is known. */
  readonly outcome?: "ok" | "failed" | "refused" | "denied" | "pending";
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  /** How often the path went this way; 1 or more. */
  readonly label?: string;
}

export interface ThreadGraph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

type Drawn = Omit<GraphNode, "id" | "seq" | "outcome">;

/** The path that was really taken, station by station, in the order it was taken. Pure. */
export function threadGraph(events: readonly ThreadEvent[]): ThreadGraph {
  const nodes: GraphNode[] = [];
  const byCall = new Map<CallId, number>();
  const settle = (callId: CallId, outcome: GraphNode["outcome"]) => {
    const index = byCall.get(callId);
    const node = index === undefined ? undefined : nodes[index];
    if (index !== undefined && node !== undefined && outcome !== undefined)
      nodes[index] = { ...node, outcome };
  };
  for (const event of events) {
    const { callId, outcome } = settledBy(event);
    if (callId !== undefined) settle(callId, outcome);
    const drawn = drawnFor(event);
    if (drawn === undefined) continue;
    const pending = event.type === "step_proposed" ? { outcome: "pending" as const } : {};
    nodes.push({ id: `e${event.seq}`, seq: event.seq, ...drawn, ...pending });
    if (event.type === "step_proposed") byCall.set(event.data.callId, nodes.length - 1);
  }
  const edges = nodes.slice(1).map((node, index) => ({ from: nodes[index]?.id ?? "", to: node.id }));
  return { nodes, edges };
}

function drawnFor(event: ThreadEvent): Drawn | undefined {
  switch (event.type) {
    case "message_received":
      return { kind: "input", label: `${event.data.from.id}: ${short(event.data.text)}` };
    case "event_received":
      return event.data.callId === undefined ? { kind: "input", label: event.data.name } : undefined;
    case "step_proposed":
      return { kind: "step", label: event.data.step.intent };
    case "step_refused":
      return event.data.callId === undefined
        ? { kind: "trouble", label: `refused: ${event.data.reason}` }
        : undefined;
    case "human_asked":
      return { kind: "person", label: `${event.data.kind}: ${short(event.data.question)}` };
    case "approval_requested":
      return { kind: "person", label: `approve ${event.data.card.intent}?` };
    case "human_responded":
      return { kind: "person", label: `${event.data.by.id}: ${event.data.decision.kind}` };
    case "request_expired":
      return {
        kind: "trouble",
        label: event.data.outcome === "deny" ? "nobody answered in time" : "asked again",
      };
    case "sleep_started":
      return { kind: "wait", label: `sleep until ${event.data.until}` };
    case "event_awaited":
      return { kind: "wait", label: `wait for ${event.data.name}` };
    case "child_started":
      return { kind: "wait", label: `delegate to ${event.data.agent}` };
    case "paused":
      return { kind: "wait", label: `paused by ${event.data.by.id}` };
    case "finished":
      return { kind: "end", label: "finished" };
    case "failed":
      return { kind: "end", label: `failed: ${short(event.data.error.message)}` };
    case "cancelled":
      return { kind: "end", label: `cancelled by ${event.data.by.id}` };
    default:
      return undefined;
  }
}

function settledBy(event: ThreadEvent): { callId?: CallId; outcome?: GraphNode["outcome"] } {
  switch (event.type) {
    case "tool_finished":
    case "child_finished":
    case "woke":
      return { callId: event.data.callId, outcome: "ok" };
    case "tool_failed":
    case "tool_unknown":
      return { callId: event.data.callId, outcome: "failed" };
    case "step_refused":
      return event.data.callId === undefined ? {} : { callId: event.data.callId, outcome: "refused" };
    case "event_received":
      return event.data.callId === undefined ? {} : { callId: event.data.callId, outcome: "ok" };
    case "finished":
      return event.data.callId === undefined ? {} : { callId: event.data.callId, outcome: "ok" };
    case "human_responded": {
      const { callId, decision } = event.data;
      if (callId === undefined) return {};
      if (decision.kind === "denied") return { callId, outcome: "denied" };
      return decision.kind === "answered" || decision.kind === "happened" ? { callId, outcome: "ok" } : {};
    }
    default:
      return {};
  }
}

function short(text: string): string {
  const line = text.replace(/\s+/gu, " ").trim();
  return line.length <= 40 ? line : `${line.slice(0, 39).toWellFormed()}…`;
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
 * The graph as Mermaid text. Labels come from people and models: every character that means something to Mermaid
 * is written as a code.
 */
export function toMermaid({ nodes, edges }: ThreadGraph): string {
  const lines = nodes.map(({ id, kind, label, outcome }) => {
    const [open, close] = SHAPES[kind];
    const told = outcome === undefined || outcome === "ok" ? label : `${label} (${outcome})`;
    return `  ${id}${open}"${mermaidText(told)}"${close}`;
  });
  const arrows = edges.map(({ from, to, label }) =>
    label === undefined ? `  ${from} --> ${to}` : `  ${from} -- "${mermaidText(label)}" --> ${to}`,
  );
  return ["flowchart TD", ...lines, ...arrows, ""].join("\n");
}

function mermaidText(text: string): string {
  return Array.from(text.replace(/\s+/gu, " "), (character) =>
    /[\p{L}\p{N} .,:!?()…-]/u.test(character) ? character : `#${character.codePointAt(0)};`,
  ).join("");
}
