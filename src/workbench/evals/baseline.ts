import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import {
  both,
  type Check,
  check,
  fields,
  fits,
  numberFrom,
  optional,
  record,
  text,
} from "../../base/checks.ts";
import { UsageError } from "../../base/errors.ts";
import { makeFolder } from "../../base/make-folder.ts";
import { problemWith } from "../../base/options.ts";
import { type CaseResult, caseKey, countOfCase, scoreOfCase, type VariantResult } from "./results.ts";

/** Where a project keeps it, in git. */
export const BASELINE_FILE = "evals/baseline.json";

/** How often each case passed when the baseline was taken; per client, since clients differ. */
export interface Baseline {
  readonly v: 1;
  readonly clients: Readonly<Record<string, ClientBaseline>>;
}

export interface ClientBaseline {
  /** ISO date. */
  readonly at: string;
  readonly cases: Readonly<Record<string, CaseBaseline>>;
}

export interface CaseBaseline {
  /** Of the case as it was: one that was changed is not compared. */
  readonly digest: string;
  readonly passed: number;
  readonly samples: number;
  /** The mean score of judges; absent if none gave one. */
  readonly score?: number | undefined;
}

const whole = numberFrom(0, Number.MAX_SAFE_INTEGER, { whole: true });

const BASELINE: Check = fields({
  v: numberFrom(1, 1),
  clients: record(
    fields({
      at: text(),
      cases: record(
        both(
          fields({ digest: text(), passed: whole, samples: whole, score: optional(numberFrom(0, 1)) }),
          check((value) => {
            const { passed, samples } = Object(value);
            return passed <= samples ? undefined : `${passed} of ${samples} samples cannot have passed`;
          }),
        ),
      ),
      note: optional(text(0)),
    }),
  ),
});

/** Reads the baseline; `undefined` where there is none yet. Throws `UsageError` for a file that is none. */
export function readBaseline(path: string): Baseline | undefined {
  if (!existsSync(path)) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new UsageError("invalid_argument", `${path} is no JSON: update the baseline, or take it from git`, {
      cause,
    });
  }
  if (fits<Baseline>(json, BASELINE)) return json;
  throw new UsageError("invalid_argument", `${path} is no baseline: ${problemWith(json, BASELINE)}`);
}

/** Writes what the variants have reached over what they had, one line a case, in a fixed order: for a readable diff. */
export function writeBaseline(
  path: string,
  before: Baseline | undefined,
  variants: readonly VariantResult[],
  at: string,
): void {
  const clients = { ...before?.clients };
  for (const { client, cases } of variants) {
    const kept = clients[client]?.cases ?? {};
    const now = Object.fromEntries(
      cases.flatMap((one) => (countOfCase(one).samples === 0 ? [] : [[caseKey(one), entryOf(one)]])),
    );
    // Other datasets were not asked: what is known of them stays.
    const sets = new Set(cases.map(({ set }) => `${set}: `));
    const others = Object.entries(kept).filter(([key]) => ![...sets].some((set) => key.startsWith(set)));
    clients[client] = { at: at.slice(0, 10), cases: { ...Object.fromEntries(others), ...now } };
  }
  makeFolder(dirname(path));
  writeFileSync(path, serialize({ v: 1, clients }));
}

function entryOf(one: CaseResult): CaseBaseline {
  return { digest: one.digest, ...countOfCase(one), score: scoreOfCase(one) };
}

function serialize({ clients }: Baseline): string {
  const sortByName = <T>(entries: Readonly<Record<string, T>>) =>
    Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1));
  const blocks = sortByName(clients).map(([client, { at, cases }]) => {
    const lines = sortByName(cases).map(
      ([key, one]) => `        ${JSON.stringify(key)}: ${JSON.stringify(one)}`,
    );
    return `    ${JSON.stringify(client)}: {\n      "at": ${JSON.stringify(at)},\n      "cases": {\n${lines.join(",\n")}\n      }\n    }`;
  });
  return `{\n  "v": 1,\n  "clients": {\n${blocks.join(",\n")}\n  }\n}\n`;
}
