import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, extname, join, relative, resolve } from "node:path";
import { isNode, LineCounter, parseDocument } from "yaml";
import { type Check, fits } from "../../base/checks.ts";
import { UsageError } from "../../base/errors.ts";
import { isJsonObject, toJson } from "../../base/json.ts";
import { checkNames } from "../../base/options.ts";
import type { Dataset, EvalCase, Expectation, Severity } from "./dataset.ts";
import { CASE, HEADER } from "./dataset-shape.ts";
import { type KnownNames, unknownNames } from "./unknown-names.ts";

/** The folder of a project's datasets. */
export const EVALS_FOLDER = "evals";

const ENDINGS = [".yaml", ".yml", ".jsonl"];

export interface ReadOptions {
  /** The project's folder: paths are given from there. */
  readonly folder: string;
  /** Only these: names of files in `evals/` without their ending, or paths. Default: all of `evals/`. */
  readonly only?: readonly string[] | undefined;
  /** The agent of cases that name none. */
  readonly agent?: string | undefined;
  /** The project's agents and judges: a case that names another, or an unknown intent or field, is refused. */
  readonly known?: KnownNames | undefined;
}

/**
 * Reads the datasets of a project. Throws `UsageError` that names file and line for a file that is none, a name that is not
 * known, a case whose name is used twice, and a dataset without cases.
 */
export function readDatasets(options: ReadOptions): readonly Dataset[] {
  checkNames("readDatasets", { folder: true, only: true, agent: true, known: true }, options);
  const { folder, only = [], agent, known } = options;
  const files =
    only.length === 0 ? filesIn(join(folder, EVALS_FOLDER)) : only.map((name) => fileOf(folder, name));
  if (files.length === 0) {
    const message = `there are no datasets in ${EVALS_FOLDER}/: write ${EVALS_FOLDER}/<name>.yaml or .jsonl`;
    throw new UsageError("invalid_argument", message);
  }
  return files.map((path) => {
    const file = relative(folder, path).replaceAll("\\", "/");
    return parseDataset(readFileSync(path, "utf8"), { file, agent, known });
  });
}

/** Whether a project has datasets. */
export function hasDatasets(folder: string): boolean {
  return filesIn(join(folder, EVALS_FOLDER)).length > 0;
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => ENDINGS.includes(extname(name)))
    .sort()
    .map((name) => join(folder, name));
}

function fileOf(folder: string, name: string): string {
  const inEvals = ENDINGS.map((ending) => join(folder, EVALS_FOLDER, name + ending));
  const found = [resolve(folder, name), join(folder, EVALS_FOLDER, name), ...inEvals].find(
    (path) => existsSync(path) && statSync(path).isFile() && ENDINGS.includes(extname(path)),
  );
  if (found !== undefined) return found;
  const known = filesIn(join(folder, EVALS_FOLDER)).map((path) => basename(path, extname(path)));
  const there = known.length === 0 ? `${EVALS_FOLDER}/ has none` : `there are ${known.join(", ")}`;
  throw new UsageError("invalid_argument", `there is no dataset ${JSON.stringify(name)}: ${there}`);
}

/** Where a dataset comes from. */
export interface DatasetSource {
  readonly file: string;
  readonly agent?: string | undefined;
  readonly known?: KnownNames | undefined;
}

/** A case as it was read, and the line of each of its parts. */
interface RawCase {
  readonly value: unknown;
  lineOf(path: readonly string[]): number;
}

interface RawDataset {
  readonly agent?: string | undefined;
  readonly severity?: Severity | undefined;
  readonly cases: readonly RawCase[];
  /** The line of the agent above the cases. */
  readonly agentLine?: number | undefined;
}

/** Reads a dataset's text: JSON Lines where the file's name says so, else YAML. Throws like `readDatasets`. */
export function parseDataset(text: string, source: DatasetSource): Dataset {
  checkNames("parseDataset", { file: true, agent: true, known: true }, source);
  const { file } = source;
  const raw = file.endsWith(".jsonl") ? readLines(text, file) : readYaml(text, file);
  if (raw.cases.length === 0) throw refusal(file, 1, "the dataset has no cases");
  const lines = new Map<string, number>();
  const cases = raw.cases.map((one, index) => {
    const line = one.lineOf([]);
    const read = readCase(one, {
      ...source,
      agent: raw.agent ?? source.agent,
      severity: raw.severity,
      agentLine: raw.agentLine,
      index,
    });
    const before = lines.get(read.name);
    if (before !== undefined) {
      throw refusal(
        file,
        line,
        `the name ${JSON.stringify(read.name)} is that of the case in line ${before} already`,
      );
    }
    lines.set(read.name, line);
    return read;
  });
  return { name: basename(file, extname(file)), file, cases };
}

/** A case with a valid shape; its optional parts are absent. */
type CaseFields = Omit<EvalCase, "name" | "agent" | "severity" | "file" | "line"> & {
  readonly name?: string;
  readonly agent?: string;
  readonly severity?: Severity;
  readonly expect: Expectation;
};

function readCase(
  { value, lineOf }: RawCase,
  source: DatasetSource & Pick<RawDataset, "severity" | "agentLine"> & { readonly index: number },
): EvalCase {
  const { file } = source;
  checkShape<CaseFields>(value, CASE, file, lineOf);
  const agent = value.agent ?? source.agent;
  const line = lineOf([]);
  if (agent === undefined)
    throw refusal(file, line, "no agent is named: `agent: <name>` above the cases, or in the case");
  const name = value.name ?? value.message?.trim().slice(0, 80) ?? `case ${source.index + 1}`;
  // What nobody has looked at yet does not run, and may be of an earlier prompt.
  const unknown =
    source.known === undefined || value.review === true
      ? []
      : unknownNames({ agent, expect: value.expect }, source.known);
  for (const { path, message } of unknown) {
    const isAbove = path[0] === "agent" && value.agent === undefined;
    const place = (isAbove ? source.agentLine : undefined) ?? lineOf(path);
    throw refusal(file, place, `${path.join(".")}: ${message}`);
  }
  return { ...value, name, agent, severity: value.severity ?? source.severity ?? "should", file, line };
}

function checkShape<T>(
  value: unknown,
  shape: Check,
  file: string,
  lineOf: (path: readonly string[]) => number,
): asserts value is T {
  if (fits<T>(value, shape)) return;
  const [misfit] = shape(value);
  const { path = [], message = "cannot be read" } = misfit ?? {};
  throw refusal(file, lineOf(path), path.length === 0 ? message : `${path.join(".")}: ${message}`);
}

function readLines(text: string, file: string): RawDataset {
  const cases = text.split("\n").flatMap((content, index): RawCase[] => {
    if (content.trim() === "") return [];
    const line = index + 1;
    try {
      const value: unknown = JSON.parse(content.replace(/^\uFEFF/, ""));
      return [{ value, lineOf: () => line }];
    } catch (error) {
      throw refusal(file, line, `no JSON: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
  return { cases };
}

function readYaml(text: string, file: string): RawDataset {
  const lines = new LineCounter();
  const document = parseDocument(text.replace(/^\uFEFF/, ""), { lineCounter: lines, prettyErrors: false });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined) throw refusal(file, lines.linePos(problem.pos[0]).line, problem.message);
  const value: unknown = readValue(() => document.toJS({ maxAliasCount: 100 }), file);
  const lineOf = (path: readonly (string | number)[]): number => {
    for (let length = path.length; length >= 0; length -= 1) {
      const node: unknown =
        length === 0 ? document.contents : document.getIn(path.slice(0, length).map(asKey), true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
  if (value === null || value === undefined) return { cases: [] };
  const casesAt = (list: readonly unknown[], prefix: readonly string[]): RawCase[] =>
    list.map((one, index) => ({ value: one, lineOf: (path) => lineOf([...prefix, String(index), ...path]) }));
  if (Array.isArray(value)) return { cases: casesAt(value, []) };
  const { cases } = isJsonObject(toJson(value)) ? Object(value) : { cases: undefined };
  if (Array.isArray(cases) && cases.length === 0) return { cases: [] };
  checkShape<{ agent?: string; severity?: Severity; cases: unknown[] }>(value, HEADER, file, lineOf);
  if (!Array.isArray(value.cases)) throw refusal(file, 1, "has no cases: a list, or an object with `cases`");
  const { agent, severity } = value;
  return { agent, agentLine: lineOf(["agent"]), severity, cases: casesAt(value.cases, ["cases"]) };
}

function readValue(read: () => unknown, file: string): unknown {
  try {
    return read();
  } catch (error) {
    throw refusal(file, 1, error instanceof Error ? error.message : String(error));
  }
}

function asKey(part: string | number): string | number {
  return typeof part === "string" && /^\d+$/.test(part) ? Number(part) : part;
}

function refusal(file: string, line: number, message: string): UsageError {
  return new UsageError("invalid_argument", `${file}:${line}: ${message}`, { details: { file, line } });
}
