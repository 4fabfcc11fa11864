import { budgeted, type Compared, isMet } from "./measured.ts";

type Budgeted = Compared & { readonly budget: NonNullable<Compared["budget"]> };

function hasBudget(row: Compared): row is Budgeted {
  return row.budget !== undefined;
}

function limit({ budget }: Budgeted): number {
  return "atMost" in budget ? budget.atMost : budget.atLeast;
}

function budgetText(row: Budgeted): string {
  const sign = "atMost" in row.budget ? "≤" : "≥";
  return `${sign} ${limit(row)}${row.hand === null ? ` ${row.unit}` : " ×"}`;
}

function amount(value: number | null, unit: string): string {
  if (value === null) return "–";
  return `${value >= 1_000 ? Math.round(value).toLocaleString("en") : value.toPrecision(3)} ${unit}`;
}

/** The rows as a table for people. */
export function table(rows: readonly Compared[]): string {
  const lines = [
    ["", "twelvefold", "by hand", "ratio", "budget", ""],
    ...rows.map((row) => [
      row.what,
      amount(row.ours, row.unit),
      amount(row.hand, row.unit),
      row.hand === null ? "" : `${budgeted(row).toFixed(2)} ×`,
      ...(hasBudget(row) ? [budgetText(row), isMet(row) ? "met" : "MISSED"] : ["", ""]),
    ]),
  ];
  const widths = [0, 1, 2, 3, 4, 5].map((column) =>
    Math.max(...lines.map((line) => (line[column] ?? "").length)),
  );
  const text = lines.map((line) =>
    line
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
  return `${text.join("\n")}\n`;
}

const ROW = 26;
const LEFT = 380;
const WIDTH = 900;

/** A bar for each row with a budget: how much of it is used. Left of the line is within the budget. */
export function chart(all: readonly Compared[]): string {
  const rows = all.filter(hasBudget);
  const scale = (WIDTH - LEFT - 150) / 1.5;
  const bars = rows.map((row, index) => {
    const used = "atMost" in row.budget ? budgeted(row) / limit(row) : limit(row) / budgeted(row);
    const y = 40 + index * ROW;
    const length = Math.min(used, 1.5) * scale;
    const value = row.hand === null ? amount(row.ours, row.unit) : `${budgeted(row).toFixed(2)} ×`;
    const fill = isMet(row) ? "#3b7dd8" : "#c8442e";
    return [
      `<text x="${LEFT - 8}" y="${y + 13}" text-anchor="end">${escapeXml(row.what)}</text>`,
      `<rect x="${LEFT}" y="${y}" width="${length.toFixed(1)}" height="17" fill="${fill}"/>`,
      `<text x="${(LEFT + length + 6).toFixed(1)}" y="${y + 13}">${escapeXml(`${value} (${budgetText(row)})`)}</text>`,
    ].join("");
  });
  const height = 52 + rows.length * ROW;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#333">
<rect width="${WIDTH}" height="${height}" fill="#fff"/>
<text x="8" y="20" font-size="14" font-weight="bold">Share of the budget that is used; the line is all of it</text>
${bars.join("\n")}
<line x1="${LEFT + scale}" x2="${LEFT + scale}" y1="32" y2="${height - 10}" stroke="#333" stroke-dasharray="4 3"/>
</svg>
`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
