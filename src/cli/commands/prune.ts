import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../base/clock.ts";
import { ConflictError, NotFoundError, UsageError } from "../../base/errors.ts";
import { makeFolder } from "../../base/make-folder.ts";
import { checkOptions } from "../../base/options.ts";
import { exportJson } from "../../present/export.ts";
import { ENDED, prune as pruneThreads, RETENTION_RULE, type RetentionRule } from "../../runtime/retention.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { ThreadSummary } from "../../store/store.ts";
import { EXIT } from "../exit.ts";
import { type Session, threadIdFrom } from "../session.ts";

export interface PruneCommand {
  /** Days, as `90` or `90d`. Without it the rules of the configuration apply. */
  readonly olderThan?: string;
  readonly status?: readonly string[];
  readonly agent?: string;
  readonly erase?: boolean;
  readonly archive?: string;
  readonly yes?: boolean;
}

/** `twelvefold prune`: deletes or erases threads by age and status; only tells which, until `--yes`. */
export async function prune(session: Session, options: PruneCommand): Promise<number> {
  const { terminal, json } = session;
  const rules = rulesOf(options, (await session.config()).retention);
  const runtime = await session.runtime();
  const dry = options.yes !== true;
  const done = [];
  for (const rule of rules) {
    const byStatus = new Map<string, number>();
    const onThread = async (thread: ThreadSummary) => {
      byStatus.set(thread.status, (byStatus.get(thread.status) ?? 0) + 1);
      if (!dry && options.archive !== undefined) await archive(runtime, thread, options.archive);
    };
    const { store } = runtime;
    const tools = { store, changes: runtime, clock: systemClock, by: session.person, onThread, dry };
    const threads = await pruneThreads(rule, tools);
    done.push({ ...rule, threads, statuses: Object.fromEntries(byStatus) });
  }
  if (json) {
    terminal.out(JSON.stringify({ dry, rules: done }, null, 2));
    return EXIT.ok;
  }
  for (const { threads, statuses, ...rule } of done) {
    const kinds = Object.entries(statuses).map(([status, count]) => `${count} ${status}`);
    const verb = `${dry ? "would be " : ""}${rule.action === "erase" ? "erased" : "deleted"}`;
    terminal.out(
      `${verb}: ${threads} ${describeRule(rule, threads)}${threads === 0 ? "" : ` (${kinds.join(", ")})`}`,
    );
  }
  if (dry) terminal.out("nothing was changed; --yes does it, for good");
  return EXIT.ok;
}

function rulesOf(options: PruneCommand, configured: readonly RetentionRule[] = []): readonly RetentionRule[] {
  if (options.olderThan === undefined) {
    if (options.status !== undefined || options.agent !== undefined || options.erase === true) {
      throw new UsageError("invalid_argument", "say with --older-than how many days threads are kept");
    }
    if (configured.length > 0) return configured;
    throw new UsageError(
      "invalid_argument",
      "the configuration has no `retention`: say with --older-than how many days threads are kept",
    );
  }
  if (!/^\d{1,5}d?$/.test(options.olderThan)) {
    throw new UsageError(
      "invalid_argument",
      `--older-than takes days, such as 90d, not ${options.olderThan}`,
    );
  }
  const { status, agent, erase } = options;
  const days = Number.parseInt(options.olderThan, 10);
  const rule = { days, status, agent, action: erase === true ? ("erase" as const) : ("delete" as const) };
  const unknown = status?.find((one) => !ENDED.some((known) => known === one));
  if (unknown !== undefined)
    throw new UsageError("invalid_argument", `--status takes ${ENDED.join(", ")}, not ${unknown}`);
  checkRule(rule);
  return [rule];
}

function checkRule(rule: object): asserts rule is RetentionRule {
  checkOptions("prune", RETENTION_RULE, rule);
}

function describeRule({ days, status, agent }: RetentionRule, threads: number): string {
  const of = agent === undefined ? "" : ` of ${agent}`;
  const [thread, have] = threads === 1 ? ["thread", "has"] : ["threads", "have"];
  const which = status === undefined ? `${thread} that ${have} ended` : `${status.join(" or ")} ${thread}`;
  return `${which}${of}, without an event for ${days} ${days === 1 ? "day" : "days"}`;
}

/** Written in full before the thread is removed; whoever may read the folder may read the threads. */
async function archive(runtime: Runtime, { threadId }: ThreadSummary, folder: string): Promise<void> {
  makeFolder(folder, 0o700);
  const text = exportJson(await runtime.get(threadId));
  writeFileSync(join(folder, `${threadId}.json`), text, { mode: 0o600, flush: true });
}

export interface EraseCommand {
  readonly reason?: string;
  readonly delete?: boolean;
  readonly yes?: boolean;
}

/** `twelvefold erase <thread…>`: erases what was said in threads that have ended, or deletes them; only tells, until `--yes`. */
export async function erase(
  session: Session,
  ids: readonly string[],
  options: EraseCommand,
): Promise<number> {
  const { terminal, json } = session;
  const runtime = await session.runtime();
  const threads = ids.map(threadIdFrom);
  const deletes = options.delete === true;
  if (!deletes && options.reason === undefined) {
    throw new UsageError("invalid_argument", "say with --reason why: it is recorded in the thread");
  }
  for (const threadId of threads) {
    if ((await runtime.store.summary(threadId)) === undefined) {
      throw new NotFoundError(`there is no thread ${threadId}; erase takes whole ids`);
    }
    const { status } = (await runtime.get(threadId)).state;
    if (status.kind === "finished" || status.kind === "failed" || status.kind === "cancelled") continue;
    const message = `thread ${threadId} is ${status.kind}: only a thread that has ended can be ${deletes ? "deleted" : "erased"}; cancel it first`;
    throw new ConflictError("conflict", message);
  }
  const dry = options.yes !== true;
  for (const threadId of dry ? [] : threads) {
    if (deletes) await runtime.delete(threadId);
    else await runtime.erase(threadId, session.person, { reason: options.reason ?? "" });
  }
  if (json) terminal.out(JSON.stringify({ dry, action: deletes ? "delete" : "erase", threads }));
  else {
    const what = deletes ? "deleted, with everything kept about it" : "erased, but for who did what and when";
    for (const threadId of threads) terminal.out(`${threadId}: ${dry ? "would be " : ""}${what}`);
    if (dry) terminal.out("nothing was changed; --yes does it, for good");
  }
  return EXIT.ok;
}
