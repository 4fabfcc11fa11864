import { resolve } from "node:path";
import { UsageError } from "../../base/errors.ts";
import { countOf, visibleLine } from "../../present/visible-text.ts";
import { openAnswerCache } from "../../workbench/answers/answer-cache.ts";
import { inPool } from "../../workbench/pool.ts";
import { agreement, type Redecided, redecide } from "../../workbench/regression/redecide.ts";
import { lastDecisions, type StoredDecision } from "../../workbench/regression/stored-decisions.ts";
import { rateInWords } from "../../workbench/reports/words.ts";
import { limitCalls } from "../call-rate.ts";
import { chooseModel } from "../choose-model.ts";
import { EXIT } from "../exit.ts";
import { untilInterrupted } from "../interrupt.ts";
import { showProgress } from "../progress.ts";
import type { Session } from "../session.ts";
import { ANSWERS_FOLDER } from "./eval.ts";

export interface RedecideOptions {
  readonly last: number;
  readonly concurrency: number;
  readonly agent?: string;
  readonly client?: string;
  readonly ignore?: readonly string[];
  /** In per cent. */
  readonly minAgreement?: number;
  readonly fresh?: boolean;
  readonly cache?: string;
  readonly perMinute?: number;
}

/** `twelvefold redecide`: asks the model about stored decisions anew. No tool runs, and nothing is stored in a thread. */
export async function redecideCommand(session: Session, options: RedecideOptions): Promise<number> {
  const { terminal, json, folder } = session;
  const { last, agent, concurrency, ignore, minAgreement, fresh } = options;
  if (concurrency === 0) throw new UsageError("invalid_argument", "--concurrency must be at least 1");
  if (minAgreement !== undefined && minAgreement > 100)
    throw new UsageError("invalid_argument", "--min-agreement takes per cent, from 0 to 100");
  const { agents } = await session.config();
  await session.requireFreshClient();
  const store = await session.existingStore();
  const { model, defaultModel, kept } = await chooseModel(session, options.client);
  const cache = kept
    ? openAnswerCache(resolve(folder, options.cache ?? ANSWERS_FOLDER), { fresh })
    : undefined;
  const admit = await limitCalls(session, options.perMinute);
  const progress = showProgress(terminal, "asked");
  const found = await untilInterrupted(async (signal) => {
    const decisions: StoredDecision[] = [];
    for await (const one of lastDecisions(store, { last, agent, agents, signal })) decisions.push(one);
    let done = 0;
    const asked = await inPool(decisions, { concurrency, signal }, async (decision) => {
      const one = await redecide(decision, { model, defaultModel, cache, signal, ignore, admit });
      done += 1;
      progress({ done, of: decisions.length });
      return one;
    });
    return asked.flatMap((one) => one ?? []);
  });
  progress(undefined);
  if (found === undefined) {
    terminal.err("\nInterrupted. The answers so far are kept: the same command goes on from there.");
    return EXIT.interrupted;
  }
  const rates = agreement(found);
  const passed =
    found.every(({ outcome }) => outcome.kind !== "failed") &&
    (minAgreement === undefined || 100 * rates.steps.rate >= minAgreement);
  if (json) terminal.out(JSON.stringify({ passed, agreement: rates, decisions: found }, null, 2));
  else for (const line of report(found, rates)) terminal.out(line);
  return passed ? EXIT.ok : EXIT.failed;
}

function report(all: readonly Redecided[], { steps, intents }: ReturnType<typeof agreement>): string[] {
  const rows = all.flatMap(({ threadId, seq, intent, outcome }) =>
    outcome.kind === "agrees"
      ? []
      : [`${threadId} event ${seq}  ${visibleLine(intent)}  ${inWords(outcome)}`],
  );
  const cached = all.filter((one) => one.cached).length;
  return [
    ...rows,
    `${countOf(all.length, "decision")} made anew${cached === 0 ? "" : `, ${cached} of them kept from before`}: ` +
      `${rateInWords(steps)} agree, ${rateInWords(intents)} in their intent`,
  ];
}

function inWords(outcome: Exclude<Redecided["outcome"], { readonly kind: "agrees" }>): string {
  switch (outcome.kind) {
    case "refused":
      return `the answer was refused: ${visibleLine(outcome.message)}`;
    case "failed":
      return `could not be asked: ${visibleLine(outcome.message)}`;
    case "differs":
      return Object.entries(outcome.fields)
        .map(([name, [was, is]]) =>
          visibleLine(`${name}: ${JSON.stringify(was)} → ${JSON.stringify(is)}`, 120),
        )
        .join(", ");
    default:
      return outcome satisfies never;
  }
}
