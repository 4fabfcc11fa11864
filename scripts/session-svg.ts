/** Lines of a terminal as one picture that needs no fonts, scripts or network. Lines that are too long are broken. */
export function sessionSvg(session: readonly string[]): string {
  const lines = session.flatMap((line) => breakLine(line, COLUMNS).map((text) => ({ text, of: line })));
  const height = PADDING * 2 + lines.length * LINE;
  let time = 0;
  const rows = lines.map(({ text, of }, index) => {
    const row = `<text x="${PADDING}" y="${PADDING + index * LINE + 13}" class="${classOf(of)}" style="animation-delay:${time.toFixed(1)}s">${escapeXml(text)}</text>`;
    // Each line appears a little after the one before; what follows a command takes longer.
    time += text.startsWith("$ ") ? 0.9 : 0.2;
    return row;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="A terminal session: run, approve in another process, kill -9, resume">
<style>
rect{fill:#161b22}
text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#e6edf3;white-space:pre}
@media (prefers-reduced-motion:no-preference){text{animation:appear .01s both}}
@keyframes appear{from{opacity:0}to{opacity:1}}
.typed{font-weight:600}.said{fill:#8b949e}.step{fill:#79c0ff}.result{fill:#7ee787}.asked{fill:#d2a8ff}.end{fill:#ff7b72}
</style>
<rect width="100%" height="100%" rx="8"/>
${rows.join("\n")}
</svg>
`;
}

const PADDING = 16;
const LINE = 19;
const WIDTH = 780;
const COLUMNS = 94;

function classOf(line: string): string {
  if (line.startsWith("$ ")) return "typed";
  if (line.startsWith("# ")) return "said";
  if (line.startsWith("→")) return "step";
  if (/^[=✓]/.test(line)) return "result";
  if (line.startsWith("?")) return "asked";
  return line === "Killed" ? "end" : "plain";
}

function breakLine(line: string, columns: number): string[] {
  if (line.length <= columns) return [line];
  const at = line.lastIndexOf(" ", columns);
  const end = at <= 0 ? columns : at;
  return [line.slice(0, end), ...breakLine(`  ${line.slice(end).trimStart()}`, columns)];
}

function escapeXml(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
