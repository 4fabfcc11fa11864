import type { GraphNode, ThreadGraph } from "./graph.ts";

const WIDTH = 280;
const HEIGHT = 40;
const GAP = 28;
const COLUMNS = 3;
const COLUMN_GAP = 40;
const MARGIN = 12;

interface Place {
  readonly x: number;
  readonly y: number;
}

/**
 * The graph as an SVG drawing, without scripts or inline styles: classes `node`, the kind and the outcome are for
 * a style sheet. A path of many stations runs down one column and goes on in the next. Each station's `data-seq`
 * is its event's number.
 */
export function toSvg({ nodes, edges }: ThreadGraph, title = "The path that was taken"): string {
  const rows = Math.max(1, Math.ceil(nodes.length / (nodes.length > 12 ? COLUMNS : 1)));
  const places = new Map(nodes.map((node, index) => [node.id, placeOf(index, rows)]));
  const columns = Math.max(1, Math.ceil(nodes.length / rows));
  const width = 2 * MARGIN + columns * WIDTH + (columns - 1) * COLUMN_GAP;
  const height = 2 * MARGIN + rows * HEIGHT + (rows - 1) * GAP;
  const arrows = edges.map(({ from, to }) => {
    const start = places.get(from);
    const end = places.get(to);
    return start === undefined || end === undefined ? "" : arrow(start, end);
  });
  const boxes = nodes.map((node) => box(node, places.get(node.id) ?? { x: 0, y: 0 }));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" class="thread-graph">`,
    `<title>${escapeXml(title)}</title>`,
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="currentColor"/></marker></defs>',
    ...arrows,
    ...boxes,
    "</svg>",
  ].join("\n");
}

function placeOf(index: number, rows: number): Place {
  const column = Math.floor(index / rows);
  return {
    x: MARGIN + column * (WIDTH + COLUMN_GAP),
    y: MARGIN + (index % rows) * (HEIGHT + GAP),
  };
}

function arrow(from: Place, to: Place): string {
  const middle = WIDTH / 2;
  const path =
    from.x === to.x
      ? `M${from.x + middle} ${from.y + HEIGHT}V${to.y - 2}`
      : `M${from.x + WIDTH} ${from.y + HEIGHT / 2}h${COLUMN_GAP / 2}V${to.y + HEIGHT / 2}H${to.x - 2}`;
  return `<path class="edge" d="${path}" fill="none" stroke="currentColor" marker-end="url(#arrow)"/>`;
}

function box({ kind, label, seq, outcome }: GraphNode, { x, y }: Place): string {
  const radius = kind === "step" ? 4 : HEIGHT / 2;
  const classes = ["node", kind, ...(outcome === undefined ? [] : [outcome])].join(" ");
  const told = outcome === undefined || outcome === "ok" ? label : `${label} (${outcome})`;
  const fitting = Array.from(told);
  const text = fitting.length <= 38 ? told : `${fitting.slice(0, 37).join("")}…`;
  return [
    `<g class="${classes}" data-seq="${seq}"><title>${escapeXml(told)}</title>`,
    `<rect x="${x}" y="${y}" width="${WIDTH}" height="${HEIGHT}" rx="${radius}" fill="none" stroke="currentColor"/>`,
    `<text x="${x + WIDTH / 2}" y="${y + HEIGHT / 2 + 5}" text-anchor="middle" font-size="14" fill="currentColor">${escapeXml(text)}</text></g>`,
  ].join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Text for XML and HTML, in content and attributes. Characters that XML does not know are shown as a replacement
 * mark.
 */
export function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "")
    .replace(/[\p{Cc}\uFFFE\uFFFF]/gu, (character) => (/[\t\n\r]/.test(character) ? character : "\uFFFD"));
}
