/** A line of a diff: `-` was, `+` is, a blank in both. */
export type DiffLine = `${"-" | "+" | " "}${string}`;

/** Beyond this many comparisons, what lies between the first and the last difference counts as replaced. */
const MOST = 4_000_000;

/** The lines in which two texts differ, with up to `context` lines around each; `…` stands for lines left out. */
export function diffLines(before: string, after: string, context = 2): string[] {
  const all = compareLines(before.split("\n"), after.split("\n"));
  const near = all.map((_, at) =>
    all.slice(Math.max(0, at - context), at + context + 1).some((line) => !line.startsWith(" ")),
  );
  return all.flatMap((line, at) => (near[at] ? [line] : at === 0 || near[at - 1] ? ["…"] : []));
}

function compareLines(before: readonly string[], after: readonly string[]): DiffLine[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  const room = Math.min(before.length, after.length) - start;
  while (end < room && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  const markSame = (line: string): DiffLine => ` ${line}`;
  return [
    ...before.slice(0, start).map(markSame),
    ...compareMiddle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...before.slice(before.length - end).map(markSame),
  ];
}

/** By the longest common subsequence of lines. */
function compareMiddle(before: readonly string[], after: readonly string[]): DiffLine[] {
  const markRemoved = (line: string): DiffLine => `-${line}`;
  const markAdded = (line: string): DiffLine => `+${line}`;
  if (before.length * after.length > MOST) return [...before.map(markRemoved), ...after.map(markAdded)];
  const width = after.length + 1;
  const length = new Uint32Array((before.length + 1) * width);
  for (let a = before.length - 1; a >= 0; a -= 1) {
    for (let b = after.length - 1; b >= 0; b -= 1) {
      const down = length[(a + 1) * width + b] ?? 0;
      const right = length[a * width + b + 1] ?? 0;
      const both = (length[(a + 1) * width + b + 1] ?? 0) + 1;
      length[a * width + b] = before[a] === after[b] ? both : Math.max(down, right);
    }
  }
  const lines: DiffLine[] = [];
  let [a, b] = [0, 0];
  while (a < before.length || b < after.length) {
    const [was, is] = [before[a], after[b]];
    if (was !== undefined && was === is) {
      lines.push(` ${was}`);
      a += 1;
      b += 1;
    } else if (
      is === undefined ||
      (was !== undefined && (length[(a + 1) * width + b] ?? 0) >= (length[a * width + b + 1] ?? 0))
    ) {
      lines.push(markRemoved(was ?? ""));
      a += 1;
    } else {
      lines.push(markAdded(is));
      b += 1;
    }
  }
  return lines;
}
