import { escapeXml } from "../../present/escape-xml.ts";

/*
 * Plots made of a label, a figure and a strip of SVG that is as wide as the page: its marks keep their shape at any width,
 * and its words are text of the page.
 */

/** A scale from `min` to `max`. */
export interface Scale {
  readonly min: number;
  readonly max: number;
  /** How a value is written under the axis. */
  readonly write: (value: number) => string;
  readonly ticks: readonly number[];
}

export interface PlotRow {
  readonly label: string;
  /** The figure beside the label. */
  readonly figure: string;
  readonly marks: readonly Mark[];
}

/** What is drawn; values are on the plot's scale. */
export type Mark =
  /** A line from one value to another: an interval. */
  | { readonly kind: "range"; readonly from: number; readonly to: number; readonly tone: Tone }
  | { readonly kind: "dot"; readonly at: number; readonly tone: Tone }
  /** One of many values: a faint tick. */
  | { readonly kind: "tick"; readonly at: number; readonly tone: Tone }
  /** A line across the row. */
  | { readonly kind: "rule"; readonly at: number };

export type Tone = "accent" | "good" | "bad" | "soft";

/** Rows over one axis. `name` says what it shows, also to those who do not see it. */
export function plot(name: string, scale: Scale, rows: readonly PlotRow[]): string {
  const body = rows
    .map(({ label, figure, marks }) => {
      const drawn = marks.map((mark) => markSvg(mark, scale)).join("");
      const grid = scale.ticks.map((tick) => `<path class="grid" d="M${place(tick, scale)} 0V20"/>`).join("");
      const title = `${label}: ${figure}`;
      return `<div class="row"><div class="label"><span>${escapeXml(label)}</span><span class="figure">${escapeXml(figure)}</span></div><svg viewBox="0 0 100 20" preserveAspectRatio="none" role="img" aria-label="${escapeXml(title)}">${grid}${drawn}</svg></div>`;
    })
    .join("\n");
  const axis = scale.ticks
    .map((tick) => `<span style="left:${place(tick, scale)}%">${escapeXml(scale.write(tick))}</span>`)
    .join("");
  return `<figure class="plot"><figcaption>${escapeXml(name)}</figcaption>${body}<div class="axis" aria-hidden="true">${axis}</div></figure>`;
}

function place(value: number, { min, max }: Scale): string {
  const share = max === min ? 0.5 : (Math.min(max, Math.max(min, value)) - min) / (max - min);
  return (100 * share).toFixed(2);
}

function markSvg(mark: Mark, scale: Scale): string {
  switch (mark.kind) {
    case "range":
      return `<path class="range ${mark.tone}" d="M${place(mark.from, scale)} 10H${place(mark.to, scale)}"/>`;
    case "dot":
      return `<path class="dot ${mark.tone}" d="M${place(mark.at, scale)} 10h0.001"/>`;
    case "tick":
      return `<path class="tick ${mark.tone}" d="M${place(mark.at, scale)} 4V16"/>`;
    case "rule":
      return `<path class="rule" d="M${place(mark.at, scale)} 0V20"/>`;
    default:
      return mark satisfies never;
  }
}

/** About five round ticks from 0 to at least `most`. */
export function roundScale(most: number, write: (value: number) => string): Scale {
  const top = most > 0 ? most : 1;
  const rough = top / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const count = Math.ceil(top / step);
  return {
    min: 0,
    max: count * step,
    write,
    ticks: Array.from({ length: count + 1 }, (_, index) => index * step),
  };
}
