import { checkNames } from "../base/options.ts";
import { escapeXml } from "./escape-xml.ts";
import { type GraphEdge, type GraphNode, graphInWords, nodeText, type ThreadGraph } from "./graph.ts";
import { clip } from "./visible-text.ts";

const WIDTH = 280;
const NODE_WIDTH = 188;
const NODE_HEIGHT = 34;
const GAP = 30;
const LEFT = 46;
const TOP = 26;
const MIDDLE = LEFT + NODE_WIDTH / 2;
/** How many characters fit into a node. */
const FITTING = 25;

export interface SvgOptions {
  /** Where a node leads. Default: nowhere. */
  readonly hrefOf?: ((node: GraphNode) => string) | undefined;
}

/**
 * The graph as an SVG drawing: nodes from top to bottom in the order of first visits, jumps at the sides. It needs
 * neither script nor style; the classes `thread-graph`, `node`, `edge`, the kind and the outcome are there for a style
 * sheet. Each node's `data-seq` is the number of its first event.
 */
export function toSvg(graph: ThreadGraph, options: SvgOptions = {}): string {
  checkNames("toSvg", { hrefOf: true }, options);
  const { hrefOf } = options;
  const { nodes, edges } = graph;
  const places = new Map(nodes.map(({ id }, index) => [id, index]));
  const height = TOP * 2 + Math.max(1, nodes.length) * (NODE_HEIGHT + GAP) - GAP;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="thread-graph" viewBox="0 0 ${WIDTH} ${height}" role="${hrefOf === undefined ? "img" : "group"}" aria-label="${escapeXml(graphInWords(graph))}" font-family="system-ui, sans-serif" font-size="12" fill="none" stroke="currentColor">`,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path class="arrow" d="M0 0.8 7 4 0 7.2Z" fill="currentColor" stroke="none"/></marker></defs>',
    ...edges.map((edge) => drawEdge(edge, places.get(edge.from) ?? 0, places.get(edge.to) ?? 0)),
    ...nodes.map((node, index) => {
      const drawn = drawNode(node, topOf(index));
      return hrefOf === undefined ? drawn : `<a href="${escapeXml(hrefOf(node))}">${drawn}</a>`;
    }),
    "</svg>",
  ].join("\n");
}

const topOf = (index: number) => TOP + index * (NODE_HEIGHT + GAP);

function drawNode(node: GraphNode, y: number): string {
  const { kind, outcome, visits, label, seq } = node;
  const times = visits > 1 ? `<tspan class="times"> ×${visits}</tspan>` : "";
  const how = outcome === undefined || outcome === "ok" ? "" : ` (${outcome})`;
  const text = `${clip(label, FITTING - how.length - (visits > 1 ? 3 : 0))}${how}`;
  const radius = kind === "step" ? 8 : NODE_HEIGHT / 2;
  return [
    `<g class="node node-${kind}${outcome === undefined ? "" : ` ${outcome}`}" data-seq="${seq}"><title>${escapeXml(nodeText(node))}</title>`,
    `<rect x="${LEFT}" y="${y}" width="${NODE_WIDTH}" height="${NODE_HEIGHT}" rx="${radius}"/>`,
    `<text x="${MIDDLE}" y="${y + 21.5}" text-anchor="middle" fill="currentColor" stroke="none">${escapeXml(text)}${times}</text></g>`,
  ].join("");
}

/**
 * An edge to the next node down is a straight line; any other bends around: forwards on the right, back on the left.
 */
function drawEdge({ times }: GraphEdge, from: number, to: number): string {
  if (to === from + 1) {
    const y = topOf(from) + NODE_HEIGHT;
    return edgeOf(`M${MIDDLE} ${y}V${y + GAP - 2}`, timesText(times, MIDDLE - 8, y + GAP / 2 + 4, "end"));
  }
  if (to === from) return drawLoop(times, topOf(from));
  const isForward = to > from;
  const side = isForward ? LEFT + NODE_WIDTH : LEFT;
  const reach = Math.min(42, 14 + Math.abs(to - from) * 7);
  const bend = isForward ? side + reach : side - reach;
  const startY = topOf(from) + NODE_HEIGHT / 2 + 5;
  const endY = topOf(to) + NODE_HEIGHT / 2 - 5;
  const end = isForward ? side + 2 : side - 2;
  const x = isForward ? bend - reach / 4 + 3 : bend + reach / 4 - 3;
  return edgeOf(
    `M${side} ${startY}C${bend} ${startY} ${bend} ${endY} ${end} ${endY}`,
    timesText(times, x, (startY + endY) / 2 + 4, isForward ? "start" : "end"),
  );
}

/** A step right after one like it: a loop on the node's upper edge, away from the lines that go through the gap and the sides. */
function drawLoop(times: number, top: number): string {
  const right = LEFT + NODE_WIDTH - 8;
  return edgeOf(
    `M${right - 24} ${top}C${right - 28} ${top - 22} ${right + 4} ${top - 22} ${right} ${top - 2}`,
    timesText(times, right - 30, top - 8, "end"),
  );
}

function edgeOf(path: string, text: string): string {
  return `<g class="edge"><path d="${path}" marker-end="url(#arrow)"/>${text}</g>`;
}

function timesText(times: number, x: number, y: number, anchor: "start" | "end"): string {
  return times === 1
    ? ""
    : `<text class="times" x="${x}" y="${y}" text-anchor="${anchor}" fill="currentColor" stroke="none">×${times}</text>`;
}
