import { loadTokenCounter } from "../../context/budget/tokens.ts";
import { countOf, visible, visibleLine } from "../../present/visible-text.ts";
import { diffRequest, type RequestDiff } from "../../workbench/regression/diff-requests.ts";
import { lastDecisions } from "../../workbench/regression/stored-decisions.ts";
import { agentsBefore } from "../agents-before.ts";
import { EXIT } from "../exit.ts";
import { untilInterrupted } from "../interrupt.ts";
import { showProgress } from "../progress.ts";
import { recordedModels } from "../recorded-models.ts";
import type { Session } from "../session.ts";

export interface DiffCommandOptions {
  readonly last: number;
  readonly agent?: string;
  readonly against?: string;
  readonly exitCode?: boolean;
}

interface Row {
  readonly threadId: string;
  readonly seq: number;
  readonly agent: string;
  readonly diff: Exclude<RequestDiff, { readonly kind: "same" }>;
}

/** `twelvefold diff`: which stored decisions would get another request now. Nothing is sent, and no token paid for. */
export async function diff(session: Session, options: DiffCommandOptions): Promise<number> {
  const { terminal, json } = session;
  const { last, agent, against } = options;
  const { agents } = await session.config();
  const before = await agentsBefore(session, agents, against);
  await session.requireFreshClient();
  const store = await session.existingStore();
  const count = await loadTokenCounter();
  const modelOf = recordedModels(session.env);
  const progress = showProgress(terminal, "compared");
  const found = await untilInterrupted(async (signal) => {
    const rows: Row[] = [];
    let compared = 0;
    for await (const decision of lastDecisions(store, { last, agent, agents, signal })) {
      const { threadId, event, own } = decision;
      const settings = { before: before.get(own.name), against: against !== undefined, modelOf, count };
      const outcome = await diffRequest(decision, settings);
      if (outcome.kind !== "same") rows.push({ threadId, seq: event.seq, agent: own.name, diff: outcome });
      compared += 1;
      progress({ done: compared, of: last });
    }
    return { rows, compared };
  });
  progress(undefined);
  if (found === undefined) return EXIT.interrupted;
  const { rows, compared } = found;
  if (json) terminal.out(JSON.stringify({ compared, against: against ?? null, changed: rows }, null, 2));
  else for (const line of report(rows, compared, session)) terminal.out(line);
  const failed = rows.some(({ diff: { kind } }) => kind === "failed");
  return failed || (options.exitCode === true && rows.length > 0) ? EXIT.failed : EXIT.ok;
}

/** So many decisions that change in the same way are listed. */
const MOST_ROWS = 20;

function report(rows: readonly Row[], compared: number, { colors: c }: Session): string[] {
  // One edit of a prompt changes many requests in the same way: its lines are shown once.
  const groups = Map.groupBy(rows, ({ diff }) =>
    diff.kind === "failed" ? diff.message : (diff.change?.lines.join("\n") ?? ""),
  );
  const shown = [...groups.values()].flatMap((group) => [
    ...group.slice(0, MOST_ROWS).map(rowLine),
    ...(group.length > MOST_ROWS
      ? [`… and ${group.length - MOST_ROWS} more like these (--json lists all)`]
      : []),
    ...linesOf(group[0]).map((line) =>
      line.startsWith("+") ? c.green(line) : line.startsWith("-") ? c.red(line) : c.dim(line),
    ),
    "",
  ]);
  return [...shown, `${rows.length} of ${countOf(compared, "stored decision")} would get another request`];
}

function rowLine({ threadId, seq, agent, diff }: Row): string {
  const where = `${threadId} event ${seq}  ${visibleLine(agent)}`;
  if (diff.kind === "failed") return `${where}  cannot be asked now: ${visibleLine(diff.message)}`;
  if (diff.change === undefined) return `${where}  changed; what was sent cannot be made again`;
  const { tokens, samePrefix, breaksAt } = diff.change;
  const more = `${tokens < 0 ? "−" : "+"}${Math.abs(tokens)} tokens`;
  return `${where}  ${more}, the first ${samePrefix} stay the same (estimated), up to: ${visibleLine(breaksAt, 60)}`;
}

function linesOf(row: Row | undefined): readonly string[] {
  if (row === undefined || row.diff.kind === "failed") return [];
  return (row.diff.change?.lines ?? []).map((line) => visible(line));
}
