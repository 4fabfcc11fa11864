import { isUtf8 } from "node:buffer";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { UsageError } from "../../base/errors.ts";
import { patchClientFile } from "./patch-client.ts";

/** A client that a generator of `baml_src` writes, and what is wrong with it; `undefined` if it is fresh. */
export interface ClientState {
  readonly folder: string;
  readonly problem: "missing" | "stale" | "unpatched" | undefined;
}

/** The TypeScript clients of a folder of BAML sources; empty if no generator writes TypeScript. */
export function clientStates(sources: string): readonly ClientState[] {
  const texts = readSources(sources);
  const folders = new Set([...texts.values()].flatMap((text) => outputFolders(text, sources)));
  return [...folders].map((folder) => ({ folder, problem: problemOf(folder, texts) }));
}

function problemOf(folder: string, texts: ReadonlyMap<string, string>): ClientState["problem"] {
  const inlined = join(folder, "inlinedbaml.ts");
  const index = join(folder, "index.ts");
  if (!existsSync(inlined) || !existsSync(index)) return "missing";
  const held = inlinedSources(readFileSync(inlined, "utf8"));
  const same = [...texts].every(([name, text]) => held.get(name) === text);
  if (!same || held.size !== texts.size) return "stale";
  const entry = readFileSync(index, "utf8");
  const parts = [...entry.matchAll(/\bfrom\s+["']\.\/([^"']+?)(?:\.[jt]s)?["']/g)];
  if (parts.some(([, name]) => !existsSync(join(folder, `${name}.ts`)))) return "missing";
  return patchClientFile(entry) === entry ? undefined : "unpatched";
}

/**
 * The `.baml` files by their paths relative to the folder. Line ends are normalised, because they depend on the
 * checkout. Throws `UsageError` (`invalid_configuration`) for a file that is not UTF-8.
 */
export function readSources(sources: string): ReadonlyMap<string, string> {
  const names = readdirSync(sources, { recursive: true }).map(String);
  return new Map(
    names
      .filter((name) => name.endsWith(".baml"))
      .map((name) => [name.replaceAll("\\", "/"), unixLines(readText(join(sources, name)))]),
  );
}

function readText(path: string): string {
  const bytes = readFileSync(path);
  if (isUtf8(bytes)) return bytes.toString("utf8");
  throw new UsageError("invalid_configuration", `${path} is not UTF-8 text: save it in that encoding`);
}

/** The sources that a client was generated from: it holds them. */
function inlinedSources(code: string): ReadonlyMap<string, string> {
  const entries = code.matchAll(/^\s*("(?:[^"\\]|\\.)*"): ("(?:[^"\\]|\\.)*"),?\s*$/gm);
  return new Map([...entries].map(([, name = "", text = ""]) => [read(name), unixLines(read(text))]));
}

/** Empty, and so never fresh, if a later BAML writes its texts in another way. */
function read(literal: string): string {
  try {
    return String(JSON.parse(literal));
  } catch {
    return "";
  }
}

function unixLines(text: string): string {
  return text.replaceAll("\r\n", "\n");
}

function outputFolders(text: string, sources: string): string[] {
  const code = text.replace(/^\s*\/\/.*$/gm, "");
  return [...code.matchAll(/^\s*generator\s+\w+\s*\{([^}]*)\}/gm)].flatMap(([, block = ""]) => {
    const option = (name: string) => new RegExp(`^\\s*${name}\\s+"?([^"\\s]+)"?`, "m").exec(block)?.[1];
    if (!option("output_type")?.startsWith("typescript")) return [];
    return [join(resolve(sources, option("output_dir") ?? ".."), "baml_client")];
  });
}
