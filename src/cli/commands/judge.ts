import { UsageError } from "../../base/errors.ts";
import { seededRandom } from "../../model/random.ts";
import { countOf, visibleLine } from "../../present/visible-text.ts";
import type { EventOf } from "../../thread/events.ts";
import { threadOf } from "../../thread/thread.ts";
import { type Decision, decisionsIn, lastThreads, requireAgent } from "../../workbench/decisions.ts";
import { askJudge, type Judgement, judgeNamed } from "../../workbench/evals/judge.ts";
import { inPool } from "../../workbench/pool.ts";
import { noDecisions } from "../../workbench/regression/stored-decisions.ts";
import { rateInWords } from "../../workbench/reports/words.ts";
import { passRate } from "../../workbench/statistics/interval.ts";
import { EXIT } from "../exit.ts";
import { untilInterrupted } from "../interrupt.ts";
import { showProgress } from "../progress.ts";
import type { Session } from "../session.ts";

export interface JudgeOptions {
  readonly last: number;
  readonly sample: number;
  readonly seed: number;
  readonly agent?: string;
}

/** A step that was proposed, of the decision that it belongs to. */
interface JudgedStep {
  readonly decision: Decision;
  readonly event: EventOf<"step_proposed">;
}

/**
 * `twelvefold judge <judge>`: grades the steps of stored decisions afterwards, a sample of them. Verdicts are listed, not acted
 * on. Exits with 1 if a step got no verdict.
 */
export async function judge(session: Session, name: string, options: JudgeOptions): Promise<number> {
  const { terminal, json, colors: c } = session;
  const { agents, evals } = await session.config();
  const judges = evals?.judges ?? {};
  judgeNamed(judges, name);
  if (options.sample === 0) throw new UsageError("invalid_argument", "--sample takes a number from 1 on");
  requireAgent(agents, options.agent);
  const decisions: JudgedStep[] = [];
  const unknown = new Set<string>();
  for await (const thread of lastThreads(await session.existingStore(), {
    last: options.last,
    agent: options.agent,
  })) {
    if (!agents.some((one) => one.name === thread.agent)) {
      unknown.add(thread.agent);
      continue;
    }
    for (const decision of decisionsIn(thread)) {
      const proposed = decision.steps.flatMap((one) => one.proposed ?? []);
      decisions.push(...proposed.map((event) => ({ decision, event })));
    }
  }
  if (decisions.length === 0) throw noDecisions(unknown, options.agent);
  const chosen = drawSample(decisions, options);
  const model = await session.model();
  const progress = showProgress(terminal, "judged");
  let done = 0;
  const verdicts = await untilInterrupted((signal) =>
    inPool(chosen, { concurrency: 4, signal }, async ({ decision, event }) => {
      const agent = agents.find((one) => one.name === decision.agent);
      const { completion, threadId, before } = decision;
      if (agent === undefined) return undefined;
      const judged = {
        agent,
        thread: threadOf(threadId, before),
        step: event.data.step,
        raw: completion.raw,
        model,
        signal,
      };
      const verdict = await askJudge(judges, name, judged).catch((error: unknown) =>
        signal.aborted ? Promise.reject(error) : error,
      );
      done += 1;
      progress({ done, of: chosen.length });
      return { threadId, seq: event.seq, intent: event.data.step.intent, ...readVerdict(verdict) };
    }),
  );
  progress(undefined);
  if (verdicts === undefined) return EXIT.interrupted;
  const listed = verdicts.flatMap((one) => one ?? []);
  const counts = listed.flatMap(({ pass }) => (pass === null ? [] : [{ passed: pass ? 1 : 0, samples: 1 }]));
  const rate = passRate(counts);
  const errors = listed.length - counts.length;
  const code = errors === 0 ? EXIT.ok : EXIT.failed;
  if (json) {
    terminal.out(
      JSON.stringify({ judge: name, steps: decisions.length, judged: listed, errors, rate }, null, 2),
    );
    return code;
  }
  for (const { threadId, seq, intent, pass, reason } of listed) {
    const mark = pass === null ? c.yellow("?") : pass ? c.green("✓") : c.red("✗");
    terminal.out(
      `${mark} ${threadId} event ${seq}  ${visibleLine(intent)}  ${visibleLine(reason ?? "", 160)}`.trimEnd(),
    );
  }
  const passed = counts.length === 0 ? "" : `: ${rateInWords(rate)} passed`;
  terminal.out(`${counts.length} of ${countOf(decisions.length, "step")} judged${passed}`);
  if (errors > 0) terminal.err(c.red(`no verdict on ${countOf(errors, "step")}`));
  return code;
}

function readVerdict(verdict: unknown): {
  readonly pass: boolean | null;
  readonly score?: number | undefined;
  readonly reason?: string | undefined;
} {
  if (isJudgement(verdict)) return { pass: verdict.pass, score: verdict.score, reason: verdict.reason };
  return { pass: null, reason: verdict instanceof Error ? verdict.message : String(verdict) };
}

function isJudgement(value: unknown): value is Judgement {
  return typeof value === "object" && value !== null && "pass" in value && !(value instanceof Error);
}

/** The same seed draws the same steps; they stay in their order. */
function drawSample(decisions: readonly JudgedStep[], { sample, seed }: JudgeOptions): readonly JudgedStep[] {
  const random = seededRandom(seed);
  const drawn = decisions
    .map((decision, index) => ({ decision, index, key: random() }))
    .sort((a, b) => a.key - b.key)
    .slice(0, sample);
  return drawn.sort((a, b) => a.index - b.index).map(({ decision }) => decision);
}
