/**
 * What was wrong with an answer that fits no expected type, from BAML's error: for a union, about the member that
 * comes nearest. Written for the model that gave the answer. `hasJson`: there was JSON in it to find fault with.
 */
export function mismatch(error: unknown, hasJson = true): string {
  const text = error instanceof Error ? error.message : "";
  const start = text.indexOf(NODE);
  const root = start < 0 ? undefined : readNode(text, start)?.node;
  const found = root === undefined ? assertion(text) : problemsOf(root);
  const noObject = !hasJson && found.some((problem) => problem.startsWith("Missing required field"));
  const problems = noObject ? ["It holds no JSON object."] : found;
  return [
    "The answer does not fit the expected form.",
    ...problems,
    "Answer with one JSON value of that form.",
  ].join(" ");
}

interface Node {
  readonly reason: string;
  readonly causes: readonly Node[];
}

const NODE = "ParsingError { scope: [";
const MAX_DEPTH = 50;

// Rust's debug output: ParsingError { scope: ["a"], reason: "…", causes: [ParsingError { … }, …] }
function readNode(text: string, start: number, depth = 0): { node: Node; end: number } | undefined {
  if (!text.startsWith(NODE, start) || depth > MAX_DEPTH) return undefined;
  const reasonAt = text.indexOf('reason: "', start);
  if (reasonAt < 0) return undefined;
  let end = reasonAt + 9;
  while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
  const reason = text.slice(reasonAt + 9, end).replace(/\\(["'\\])/g, "$1");
  let at = text.indexOf("causes: [", end) + 9;
  if (at < 9) return undefined;
  const causes: Node[] = [];
  for (let next = readNode(text, at, depth + 1); next !== undefined; next = readNode(text, at, depth + 1)) {
    causes.push(next.node);
    at = next.end;
    if (text.startsWith(", ", at)) at += 2;
  }
  return { node: { reason, causes }, end: at + "] }".length };
}

function problemsOf({ reason, causes }: Node): string[] {
  if (!reason.startsWith("Failed to find any"))
    return causes.length > 0 ? leaves(causes) : [sentence(reason)];
  const intents = wantedLiterals(causes);
  if (intents !== undefined) return [intents];
  const nearest = causes.toSorted((a, b) => distance(a) - distance(b))[0];
  return nearest === undefined ? [] : problemsOf(nearest);
}

const MAX_PROBLEMS = 4;

function leaves(nodes: readonly Node[]): string[] {
  const found = nodes.map(({ reason }) => sentence(reason));
  return [...new Set(found)].slice(0, MAX_PROBLEMS);
}

/** Members of a union with fewer problems are nearer; one whose literal is another is far away. */
function distance(node: Node): number {
  const literal = node.causes.some(({ reason }) => LITERAL.test(reason));
  return node.causes.length + (literal ? 100 : 0);
}

const LITERAL = /^Failed to parse field (\w+): \w+: Expected "((?:[^"\\]|\\.)*)".*got String\("(.*?)", \w+\)/;

/** When every member of a union wants another literal, the literals are what there is to choose from. */
function wantedLiterals(causes: readonly Node[]): string | undefined {
  const wanted = causes.map((cause) => {
    for (const { reason } of cause.causes) {
      const match = LITERAL.exec(reason);
      if (match !== null) return match;
    }
    return undefined;
  });
  const [first] = wanted;
  if (first === undefined || wanted.includes(undefined)) return undefined;
  const choices = wanted.map((match) => JSON.stringify(match?.[2] ?? "")).join(", ");
  return `The field ${first[1]} is ${JSON.stringify(first[3])}; it must be one of ${choices}.`;
}

function sentence(reason: string): string {
  const plain = reason
    .replace(/ @stream\.\w+/g, "")
    .replace(/String\("(.*?)", \w+\)/gs, (_, value: string) => JSON.stringify(cut(value)))
    .replace(/^Failed to parse field (\w+): (?:\1: )?/, "Field $1: ")
    .replace(/\.$/, "");
  return `${cut(plain, 200)}.`;
}

function assertion(text: string): string[] {
  const failed = /Assertions? failed[^\n]*/i.exec(text)?.[0];
  return failed === undefined ? [] : [sentence(failed)];
}

function cut(text: string, most = 60): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
