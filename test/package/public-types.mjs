// Lists the types that the signatures of the package's doors name and that no door exports, one a line.
// node public-types.mjs <path of TypeScript 5's typescript.js> <folder of the package>
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";

const [, , library, folder] = process.argv;
const { default: ts } = await import(pathToFileURL(library));
const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
const doors = Object.values(exports).flatMap((door) =>
  door.types === undefined ? [] : [join(folder, door.types)],
);
const program = ts.createProgram(doors, {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  skipLibCheck: true,
  noEmit: true,
});
const checker = program.getTypeChecker();
const original = (symbol) =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
const exported = new Set(
  doors.flatMap((door) =>
    checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(door))).map(original),
  ),
);

const dist = join(folder, "dist");
const isOurs = (node) => node.getSourceFile().fileName.startsWith(dist);
const missing = new Set();
/** Notes what a declaration names, however deep. */
function look(node) {
  const name =
    node.typeName ?? node.exprName ?? (ts.isExpressionWithTypeArguments(node) ? node.expression : undefined);
  const symbol = name === undefined ? undefined : checker.getSymbolAtLocation(name);
  const named = symbol === undefined ? undefined : original(symbol);
  const [declaration] = named?.declarations ?? [];
  if (declaration !== undefined && isOurs(declaration) && !exported.has(named)) {
    const isParameter = (named.flags & ts.SymbolFlags.TypeParameter) !== 0;
    if (!isParameter) missing.add(`${relative(dist, declaration.getSourceFile().fileName)} ${named.name}`);
  }
  ts.forEachChild(node, look);
}
for (const symbol of exported) for (const node of symbol.declarations ?? []) if (isOurs(node)) look(node);
for (const line of [...missing].sort()) console.log(line);
