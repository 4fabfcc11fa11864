import type { PathEdge, PathGraph, PathNode } from "../../present/path-graph.ts";
import { clipped } from "../../present/text.ts";

const WIDTH = 260;
const NODE_WIDTH = 148;
const NODE_HEIGHT = 34;
const GAP = 30;
const LEFT = 56;
const TOP = 10;

/** The path that was taken, as a drawing: nodes downwards in the order of first visits, jumps at the sides. */
export const PathSvg = ({ graph }: { graph: PathGraph }) => {
  const places = new Map(graph.nodes.map((node, index) => [node.id, index]));
  const height = TOP * 2 + graph.nodes.length * (NODE_HEIGHT + GAP) - GAP;
  if (graph.nodes.length === 0) return <p class="value-none">Nothing yet.</p>;
  return (
    <svg class="path" viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={describe(graph)}>
      <defs>
        <marker
          id="arrow"
          viewBox="0 0 8 8"
          refX="7"
          refY="4"
          markerWidth="7"
          markerHeight="7"
          orient="auto-start-reverse"
        >
          <path d="M0 0.8 7 4 0 7.2Z" class="arrow" />
        </marker>
      </defs>
      {graph.edges.map((edge) => (
        <Edge edge={edge} from={places.get(edge.from) ?? 0} to={places.get(edge.to) ?? 0} />
      ))}
      {graph.nodes.map((node, index) => (
        <Node node={node} y={topOf(index)} />
      ))}
    </svg>
  );
};

const topOf = (index: number) => TOP + index * (NODE_HEIGHT + GAP);

const Node = ({ node, y }: { node: PathNode; y: number }) => (
  <g class={`node node-${node.kind}`}>
    <rect x={LEFT} y={y} width={NODE_WIDTH} height={NODE_HEIGHT} rx={node.kind === "step" ? 8 : 17} />
    <text x={LEFT + NODE_WIDTH / 2} y={y + 21.5} text-anchor="middle">
      {clipped(node.label, node.visits > 1 ? 15 : 20)}
      {node.visits > 1 && <tspan class="times">{` ×${node.visits}`}</tspan>}
    </text>
  </g>
);

/** The next node down is a straight line; anything else bends around: forwards on the right, back on the left. */
const Edge = ({ edge, from, to }: { edge: PathEdge; from: number; to: number }) => {
  const middle = LEFT + NODE_WIDTH / 2;
  if (to === from + 1) {
    const y = topOf(from) + NODE_HEIGHT;
    return (
      <g class="edge">
        <path d={`M${middle} ${y} V${y + GAP - 2}`} marker-end="url(#arrow)" />
        {edge.times > 1 && (
          <text x={middle + 8} y={y + GAP / 2 + 4} class="times">
            ×{edge.times}
          </text>
        )}
      </g>
    );
  }
  const right = to > from;
  const side = right ? LEFT + NODE_WIDTH : LEFT;
  const reach = Math.min(44, 14 + Math.abs(to - from) * 7);
  const bend = right ? side + reach : side - reach;
  const startY = topOf(from) + NODE_HEIGHT / 2 + (from === to ? -7 : 5);
  const endY = topOf(to) + NODE_HEIGHT / 2 + (from === to ? 7 : -5);
  return (
    <g class="edge">
      <path
        d={`M${side} ${startY} C${bend} ${startY} ${bend} ${endY} ${side + (right ? 2 : -2)} ${endY}`}
        marker-end="url(#arrow)"
      />
      {edge.times > 1 && (
        <text
          x={right ? bend - reach / 4 + 3 : bend + reach / 4 - 3}
          y={(startY + endY) / 2 + 4}
          text-anchor={right ? "start" : "end"}
          class="times"
        >
          ×{edge.times}
        </text>
      )}
    </g>
  );
};

/** The same path in words, for those who do not see the drawing. */
function describe({ nodes, edges }: PathGraph): string {
  const label = new Map(nodes.map((node) => [node.id, node.label]));
  const steps = edges.map(({ from, to, times }) => {
    const often = times > 1 ? ` (${times} times)` : "";
    return `${label.get(from) ?? ""} to ${label.get(to) ?? ""}${often}`;
  });
  return `The path taken: ${steps.length === 0 ? (nodes[0]?.label ?? "nothing") : steps.join(", ")}`;
}
