// The shape of the code, in numbers: files, lines, long functions, long parameter lists. `--check` fails where the house
// style is broken: a function with more than four parameters, a name that is no verb, a file that holds two concepts, a loop that is no page.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAst } from "rolldown/parseAst";

const MAX_PARAMETERS = 4;
const MAX_FILE_LINES = 400;
/** Lines of folders that must stay small enough to be read in one sitting. */
const MAX_FOLDER_LINES = { loop: 1_500 };
/** Participles, adjectives and other words that have named functions here: a function's name is a verb in plain English. */
const NOT_VERBS = new Set(
  "given told stored extended plain required fetched raced accepting addressed shown asked written made taken known answered appended attempted changed clipped compacted counted decided described displaced dropped elapsed folded forgetting hidden indented lapsed merged named narrowed numbered parsed performed projected quoted recorded refused reopened replaced resolved responded restored signed spent started succeeded unescaped unpaused sent drawn kept accepted ended joined limited missing left unexpected connected received wanted reached whole normal current mountable shrinking worth same confirms".split(
    " ",
  ),
);

/** The same of a function that is declared under a name of its own, and is no entry of a table by events. */
const NOT_DECLARED =
  /^(?:[a-z]+ed|absent|bare|begun|chosen|found|ran|said|saying|unproven|unreadable|woke|wrong|wrote)$/;
const VERBS_IN_ED = /^(?:embed|exceed|feed|heed|need|proceed|seed|shed|speed|succeed)$/;
/** What a loop written by hand appends, named as its README names it; and the shipped names of a store's role. */
const KEPT_NAMES = new Set(["said", "unindexed", "settled"]);

const root = fileURLToPath(new URL("..", import.meta.url));
const check = process.argv.includes("--check");
const folder = resolve(process.argv.slice(2).find((arg) => !arg.startsWith("--")) ?? join(root, "src"));

/** Calls `visit` with every function below a node, and the name it is known by. */
function walk(node, name, visit) {
  if (Array.isArray(node)) {
    for (const one of node) walk(one, undefined, visit);
    return;
  }
  if (node === null || typeof node !== "object" || typeof node.type !== "string") return;
  if (/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type) && node.body)
    visit(node, node.id?.name ?? name, node.type === "FunctionDeclaration");
  for (const [key, value] of Object.entries(node)) {
    if (value === null || typeof value !== "object") continue;
    const own = key === "value" || key === "init" ? (node.key?.name ?? node.id?.name) : undefined;
    walk(value, own, visit);
  }
}

function lineNumbers(text) {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle] <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
}

const files = readdirSync(folder, { recursive: true })
  .map(String)
  .filter((name) => /\.tsx?$/.test(name) && !/node_modules|baml_client/.test(name))
  .sort();
const sizes = [];
const functions = [];
for (const file of files) {
  const text = readFileSync(join(folder, file), "utf8");
  const lineOf = lineNumbers(text);
  sizes.push({ file, lines: text.split("\n").length - 1 });
  const ast = parseAst(text, { lang: file.endsWith("x") ? "tsx" : "ts" });
  walk(ast.body, undefined, (node, name, isDeclared) => {
    const from = lineOf(node.start);
    functions.push({
      where: `${file}:${from}`,
      name,
      isDeclared,
      lines: lineOf(node.end) - from + 1,
      parameters: node.params.items?.length ?? node.params.length,
    });
  });
}

const sorted = (values) => values.toSorted((one, other) => one - other);
const lines = sorted(sizes.map((one) => one.lines));
const lengths = sorted(functions.map((one) => one.lines));
const at = (values, share) => values[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;
const long = functions.filter((one) => one.lines > 50);
const wide = functions.filter((one) => one.parameters > MAX_PARAMETERS);
const isNoVerb = ({ name = "", isDeclared }) =>
  NOT_VERBS.has(name) ||
  (isDeclared && NOT_DECLARED.test(name) && !VERBS_IN_ED.test(name) && !KEPT_NAMES.has(name));
const unverbed = functions.filter(isNoVerb);
const large = sizes.filter((one) => one.lines > MAX_FILE_LINES);
const swollen = Object.entries(MAX_FOLDER_LINES).flatMap(([name, most]) => {
  const own = sizes.filter(({ file }) => file.startsWith(`${name}/`));
  const total = own.reduce((sum, one) => sum + one.lines, 0);
  return total > most
    ? [`${name}/: ${total} lines, ${most} at most: what does not decide or perform belongs below it`]
    : [];
});

console.log(`files ${files.length}, lines ${lines.reduce((sum, one) => sum + one, 0)}`);
console.log(`file median ${at(lines, 0.5)}, max ${lines.at(-1) ?? 0}`);
console.log(`functions ${functions.length}, p99 ${at(lengths, 0.99)} lines, max ${lengths.at(-1) ?? 0}`);
console.log(`over 50 lines: ${long.length}; over ${MAX_PARAMETERS} parameters: ${wide.length}`);
if (process.argv.includes("--list")) {
  for (const one of long) console.log(`  ${one.lines} lines: ${one.name ?? "(unnamed)"} ${one.where}`);
  for (const one of wide)
    console.log(`  ${one.parameters} parameters: ${one.name ?? "(unnamed)"} ${one.where}`);
}
if (check) {
  for (const one of wide)
    console.error(
      `${one.where}: ${one.name ?? "a function"} takes ${one.parameters} parameters; pass an object`,
    );
  for (const one of unverbed)
    console.error(`${one.where}: ${one.name} is no verb; say what the function does`);
  for (const one of large) console.error(`${one.file}: ${one.lines} lines; look for the seam`);
  for (const one of swollen) console.error(one);
  process.exit(wide.length + unverbed.length + large.length + swollen.length === 0 ? 0 : 1);
}
