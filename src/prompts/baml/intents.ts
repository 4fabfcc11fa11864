import { type BamlFiles, type Declaration, declarations } from "./source.ts";

/**
 * The intents that a function's answers may have: the literals of the field `intent` in each class of its return type,
 * in the order of the type. `undefined` if the files do not tell: a class has no such field, the field is not a
 * literal, or the class's fields are known only at run time.
 */
export function readIntents(files: BamlFiles, functionName: string): readonly string[] | undefined {
  const all = declarations(files);
  const byName = new Map(all.map((declaration) => [declaration.name, declaration]));
  const type = returnType(byName.get(functionName));
  if (type === undefined) return undefined;
  const intents = new Set<string>();
  const seen = new Set<string>();
  const collect = (text: string): boolean =>
    (text.match(/[A-Za-z_]\w*/g) ?? []).every((word) => {
      if (seen.has(word)) return true;
      seen.add(word);
      const declared = byName.get(word);
      if (declared?.kind === "type") return collect(aliasedType(declared));
      const literals = declared?.kind === "class" ? intentsOf(declared) : undefined;
      for (const literal of literals ?? []) intents.add(literal);
      return literals !== undefined;
    });
  return collect(type) && intents.size > 0 ? [...intents] : undefined;
}

function returnType(declared: Declaration | undefined): string | undefined {
  if (declared?.kind !== "function") return undefined;
  return /->([^{]+)\{/.exec(withoutComments(declared.text))?.[1];
}

function aliasedType({ text }: Declaration): string {
  return withoutComments(text)
    .replace(/^\s*type\s+\w+\s*=/, "")
    .replace(/@\w+\([^)]*\)/g, "");
}

function intentsOf({ text }: Declaration): readonly string[] | undefined {
  const body = withoutComments(text);
  if (/@@dynamic\b/.test(body)) return undefined;
  const literals = /^\s*intent\s+\(?((?:"[^"\\]*"[\s|]*)+)\)?/m.exec(body)?.[1];
  return literals === undefined
    ? undefined
    : Array.from(literals.matchAll(/"([^"\\]*)"/g), ([, text = ""]) => text);
}

function withoutComments(text: string): string {
  return text.replace(/("(?:[^"\\]|\\.)*")|\/\/[^\n]*/g, (_, quoted: string | undefined) => quoted ?? "");
}
