import { loadTokenCounter } from "../../context/budget/tokens.ts";
import { countOf, visible, visibleLine } from "../../present/visible-text.ts";
import { type CheckedThread, deployCheck } from "../../workbench/deploy/deploy-check.ts";
import { DEPLOY_EFFECTS, type DeployEffect, type DeployFinding } from "../../workbench/deploy/finding.ts";
import { agentsBefore } from "../agents-before.ts";
import { EXIT } from "../exit.ts";
import { untilInterrupted } from "../interrupt.ts";
import { showProgress } from "../progress.ts";
import { recordedModels } from "../recorded-models.ts";
import type { Session } from "../session.ts";

export interface DeployCheckCommandOptions {
  readonly against?: string | undefined;
  readonly agent?: string;
  readonly strict?: boolean;
}

/** `twelvefold deploy-check`: what would be different for the open threads if the code and prompts of now were deployed. */
export async function deployCheckCommand(
  session: Session,
  { against, agent, strict = false }: DeployCheckCommandOptions,
): Promise<number> {
  const { terminal, json } = session;
  const { agents } = await session.config();
  const before = await agentsBefore(session, agents, against);
  await session.requireFreshClient();
  const store = await session.storeToRead();
  const count = await loadTokenCounter();
  const modelOf = recordedModels(session.env);
  const progress = showProgress(terminal, "checked");
  const found = await untilInterrupted(async (signal) => {
    const threads: CheckedThread[] = [];
    let checked = 0;
    const options = { agents, before, against: against !== undefined, modelOf, count, agent, signal };
    for await (const thread of deployCheck(store, options)) {
      if (thread.findings.length > 0) threads.push(thread);
      checked += 1;
      progress({ done: checked });
    }
    return { threads, checked };
  });
  progress(undefined);
  if (found === undefined) return EXIT.interrupted;
  const { threads, checked } = found;
  const safe = !threads.some(({ findings }) => findings.some((one) => strict || effectOf(one) === "breaks"));
  if (json)
    terminal.out(
      JSON.stringify(
        { safe, open: checked, against: against ?? null, threads: threads.map(withEffects) },
        null,
        2,
      ),
    );
  else for (const line of report(threads, checked, { safe, session })) terminal.out(line);
  return safe ? EXIT.ok : EXIT.failed;
}

function effectOf({ kind }: DeployFinding): DeployEffect {
  return DEPLOY_EFFECTS[kind];
}

function withEffects({ findings, ...thread }: CheckedThread) {
  return { ...thread, findings: findings.map((one) => ({ effect: effectOf(one), ...one })) };
}

/** So many threads with the same findings are listed. */
const MOST_ROWS = 20;

function report(
  threads: readonly CheckedThread[],
  checked: number,
  { safe, session: { colors: c } }: { readonly safe: boolean; readonly session: Session },
): string[] {
  // One edit changes many threads in the same way: what it does is shown once.
  const groups = Map.groupBy(threads, ({ agent, findings }) => JSON.stringify([agent, findings.map(lineOf)]));
  const rows = [...groups.values()].flatMap((group) => [
    ...group
      .slice(0, MOST_ROWS)
      .map(
        ({ threadId, agent, status }) => `${visibleLine(threadId, 64)}  ${visibleLine(agent, 40)}  ${status}`,
      ),
    ...(group.length > MOST_ROWS
      ? [`… and ${group.length - MOST_ROWS} more like these (--json lists all)`]
      : []),
    ...(group[0]?.findings ?? []).flatMap((one) => [
      paint(one, `  ${lineOf(one)}`, c),
      ...changedLines(one, c),
    ]),
    "",
  ]);
  return [
    ...rows,
    ...summary(threads, checked),
    safe ? c.green("Safe to deploy.") : c.red("Not safe to deploy."),
  ];
}

function paint(finding: DeployFinding, text: string, c: Session["colors"]): string {
  const effect = effectOf(finding);
  return effect === "breaks" ? c.red(text) : effect === "asks" ? c.yellow(text) : text;
}

function changedLines(finding: DeployFinding, c: Session["colors"]): string[] {
  if (finding.kind !== "request_differs") return [];
  return (finding.change?.lines ?? []).map((line) => {
    const text = `    ${visible(line)}`;
    return line.startsWith("+") ? c.green(text) : line.startsWith("-") ? c.red(text) : c.dim(text);
  });
}

function summary(threads: readonly CheckedThread[], checked: number): string[] {
  const worst = threads.map(({ findings }) => {
    const effects = findings.map(effectOf);
    return effects.includes("breaks") ? "breaks" : effects.includes("asks") ? "asks" : "differs";
  });
  if (checked === 0) return ["No thread is open."];
  const count = (effect: DeployEffect) => worst.filter((one) => one === effect).length;
  return [
    `${countOf(checked, "open thread")}: ${checked - threads.length} go on as they are, ${count("differs")} are asked about in other words, ` +
      `${count("asks")} wait for a person first, ${count("breaks")} cannot go on`,
  ];
}

function lineOf(finding: DeployFinding): string {
  switch (finding.kind) {
    case "not_loaded":
      return `would not load: ${visibleLine(finding.message)}`;
    case "agent_gone":
      return `there is no agent ${visibleLine(JSON.stringify(finding.agent))}`;
    case "intent_gone":
      return `the agent has no step ${visibleLine(JSON.stringify(finding.intent))}, which is open here`;
    case "step_unfit":
      return `the open step ${visibleLine(finding.intent)} does not fit the current types: ${visibleLine(finding.message)}`;
    case "not_asked":
      return `the model could not be asked: ${visibleLine(finding.message)}`;
    case "version_refused":
      return `would wait for a person: the agent has version ${nameVersion(finding.to)} and refuses threads of version ${nameVersion(finding.from)}`;
    case "approval_lapses":
      return `the approval of ${visibleLine(finding.intent)} would lapse, and be asked for again: ${LAPSES[finding.because]}`;
    case "request_differs":
      return finding.change === undefined
        ? "the model would be asked in other words"
        : `the model would be asked in other words: ${finding.change.tokens < 0 ? "−" : "+"}${Math.abs(finding.change.tokens)} tokens (estimated)`;
    default:
      return finding satisfies never;
  }
}

const LAPSES = {
  policy: "its rule has changed",
  prompt: "the prompt or its types have changed",
  tool: "the tool has changed",
  tool_or_prompt: "the tool, the prompt or its types have changed",
} as const;

function nameVersion(version: string | null): string {
  return version === null ? "none" : visibleLine(JSON.stringify(version));
}
