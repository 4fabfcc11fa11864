import { shownLine } from "../../agent/shown-thread.ts";
import { UsageError } from "../../base/errors.ts";
import { requestIdOf } from "../../base/ids.ts";
import { excerptOf, markWords } from "../../base/search-words.ts";
import { visibleLine } from "../../present/visible-text.ts";
import type { SearchHit, ThreadSummary } from "../../store/store.ts";
import { STATUS_KINDS, type StatusKind } from "../../thread/state.ts";
import { EXIT } from "../exit.ts";
import { INTERRUPTED, interruptedThreads, isLeft } from "../interrupted.ts";
import { localTime } from "../local-time.ts";
import { showProgress } from "../progress.ts";
import type { Session } from "../session.ts";

export interface ListOptions {
  readonly agent?: string;
  readonly status?: readonly string[];
  readonly pending?: boolean;
  readonly search?: string;
  readonly limit: number;
  readonly cursor?: string;
}

/** Older threads that are indexed before a search; of more, the search says that they are missing. */
const INDEXED_FIRST = 5_000;

/** `twelvefold list`: lists threads. */
export async function list(session: Session, options: ListOptions): Promise<number> {
  const { terminal, colors, json } = session;
  const { status, ...rest } = options;
  const filter = { ...rest, status: status?.map(statusKind) };
  const missing = options.search === undefined ? 0 : await indexFirst(session);
  const page = await (await session.store()).list(filter);
  const interrupted = await interruptedThreads(session);
  if (json) {
    const threads = page.threads.map((thread) => ({
      ...thread,
      requestId: thread.pendingRequest === null ? null : requestIdOf(thread.threadId, thread.pendingRequest),
      interrupted: isLeft(interrupted, thread),
    }));
    terminal.out(JSON.stringify({ ...page, threads }, null, 2));
    return EXIT.ok;
  }
  if (missing > 0)
    terminal.err(colors.dim(`${missing} older threads are not indexed yet and may be missing`));
  if (page.threads.length === 0 && page.unreadable.length === 0) {
    const { limit: _, ...narrowed } = filter;
    const [agent] = (await session.config()).agents;
    const start = `no threads; start one with: npx twelvefold run ${agent?.name ?? "<agent>"} "…"`;
    const isNarrowed = Object.values(narrowed).some((value) => value !== undefined);
    terminal.out(isNarrowed ? "no threads match" : start);
  }
  const { agents } = await session.runtime();
  for (const thread of page.threads) {
    const hit = page.hits.find(({ threadId }) => threadId === thread.threadId);
    const agent = agents.get(thread.agent);
    const shown = {
      ...thread,
      title: shownLine(thread.title, agent),
      subject: shownLine(thread.subject, agent),
    };
    const isInterrupted = isLeft(interrupted, thread);
    for (const line of rows(shown, { isInterrupted, hit, search: options.search ?? "" }, colors))
      terminal.out(line);
  }
  for (const { threadId, problem } of page.unreadable) {
    terminal.err(colors.red(`${visibleLine(threadId, 64)}  cannot be shown: ${visibleLine(problem, 200)}`));
  }
  if (page.next !== null) terminal.err(colors.dim(`next page: --cursor ${page.next}`));
  return EXIT.ok;
}

/** Makes threads of an earlier release findable, if they are not too many. Returns how many are left. */
async function indexFirst(session: Session): Promise<number> {
  const runtime = await session.runtime();
  const left = await runtime.unindexed();
  if (left === 0 || left > INDEXED_FIRST) return left;
  const show = showProgress(session.terminal, "indexing older threads");
  await runtime.indexThreads({ onProgress: show });
  show(undefined);
  return runtime.unindexed();
}

function statusKind(text: string): StatusKind {
  const kind = STATUS_KINDS.find((known) => known === text);
  if (kind === undefined)
    throw new UsageError("invalid_argument", `--status takes ${STATUS_KINDS.join(", ")}, not ${text}`);
  return kind;
}

interface Found {
  readonly isInterrupted: boolean;
  readonly hit: SearchHit | undefined;
  readonly search: string;
}

/** What the thread is about; below it, its latest state or what it was found by, if that says more. */
function rows(thread: ThreadSummary, { isInterrupted, hit, search }: Found, c: Session["colors"]): string[] {
  const { status, subject, title, threadId, agent } = thread;
  const bad = status === "failed" || status === "cancelled" || isInterrupted;
  const paint = status === "finished" ? c.green : bad ? c.red : c.yellow;
  const word = isInterrupted ? INTERRUPTED : status;
  const time = localTime(thread.updatedAt, { seconds: false });
  const mark = (text: string) =>
    markWords(text, search)
      .map((part) => (part.hit ? c.bold(part.text) : part.text))
      .join("");
  const about = visibleLine(subject || title, 60);
  // What was asked or said last is over once it works again.
  const latest = status === "running" ? "" : title;
  const more = hit === undefined ? visibleLine(latest, 100) : visibleLine(excerptOf(hit.text, search, 100));
  const request = thread.pendingRequest === null ? "" : `  ${requestIdOf(threadId, thread.pendingRequest)}`;
  const line = `${threadId}  ${paint(word.padEnd(17))}  ${visibleLine(agent, 20).padEnd(12)}  ${c.dim(time)}  ${mark(about)}`;
  const saysMore = more !== about && more !== "" && hit?.text !== subject;
  return saysMore || request !== "" ? [line, `    ${c.dim(mark(more))}${request}`] : [line];
}
