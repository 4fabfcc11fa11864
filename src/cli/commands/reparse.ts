import { describeFidelity } from "../../base/fidelity.ts";
import { countOf, visibleLine, visibleValue } from "../../present/visible-text.ts";
import { type Reparsed, reparse } from "../../workbench/regression/reparse.ts";
import { lastDecisions } from "../../workbench/regression/stored-decisions.ts";
import { EXIT } from "../exit.ts";
import { untilInterrupted } from "../interrupt.ts";
import { showProgress } from "../progress.ts";
import type { Session } from "../session.ts";

export interface ReparseOptions {
  readonly last: number;
  readonly agent?: string;
}

interface Row {
  readonly threadId: string;
  readonly seq: number;
  readonly agent: string;
  readonly outcome: Reparsed;
}

/** `twelvefold reparse`: reads stored answers with the types of now. Fails where one is refused, means something else, or is worse graded. */
export async function reparseCommand(session: Session, { last, agent }: ReparseOptions): Promise<number> {
  const { terminal, json } = session;
  const { agents } = await session.config();
  await session.requireFreshClient();
  const store = await session.existingStore();
  const progress = showProgress(terminal, "read");
  const found = await untilInterrupted(async (signal) => {
    const rows: Row[] = [];
    let read = 0;
    for await (const decision of lastDecisions(store, { last, agent, agents, signal })) {
      const { threadId, event, agent: name } = decision;
      const outcome = reparse(decision);
      if (outcome.kind !== "same") rows.push({ threadId, seq: event.seq, agent: name, outcome });
      read += 1;
      progress({ done: read, of: last });
    }
    return { rows, read };
  });
  progress(undefined);
  if (found === undefined) return EXIT.interrupted;
  const { rows, read } = found;
  const passed = rows.every(({ outcome }) => isHarmless(outcome));
  if (json) terminal.out(JSON.stringify({ passed, read, differ: rows }, null, 2));
  else {
    for (const row of rows) terminal.out(rowLine(row));
    terminal.out(`${countOf(read, "stored answer")} read anew: ${rows.length} differ`);
  }
  return passed ? EXIT.ok : EXIT.failed;
}

function isHarmless(outcome: Reparsed): boolean {
  return (
    outcome.kind === "same" || outcome.kind === "accepted" || (outcome.kind === "regraded" && !outcome.worse)
  );
}

function rowLine({ threadId, seq, agent, outcome }: Row): string {
  return `${threadId} event ${seq}  ${visibleLine(agent)}  ${inWords(outcome)}`;
}

function inWords(outcome: Reparsed): string {
  switch (outcome.kind) {
    case "same":
      return "the same";
    case "fails":
      return `is refused now: ${visibleLine(outcome.message)}`;
    case "accepted":
      return `was refused, and is read now: ${outcome.steps.map((step) => visibleValue(step)).join(", ")}`;
    case "regraded":
      return `${outcome.from.grade} before, now ${visibleLine(describeFidelity({ ...outcome.to }))}`;
    case "changed":
      return Object.entries(outcome.fields)
        .map(([name, [was, is]]) => `${visibleLine(name)}: ${JSON.stringify(was)} → ${JSON.stringify(is)}`)
        .map((text) => visibleLine(text))
        .join(", ");
    default:
      return outcome satisfies never;
  }
}
