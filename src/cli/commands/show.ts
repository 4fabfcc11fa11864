import { cachedShare } from "../../base/completion.ts";
import { UsageError } from "../../base/errors.ts";
import type { People } from "../../humans/people.ts";
import { cardLines } from "../../present/card.ts";
import { eventLine } from "../../present/event-line.ts";
import { exportHtml, exportMarkdown } from "../../present/export.ts";
import { threadGraph, toMermaid } from "../../present/graph.ts";
import { howToAnswer } from "../../present/how-to-answer.ts";
import { countOf, visible, visibleLine } from "../../present/visible-text.ts";
import type { Thread } from "../../thread/thread.ts";
import { EXIT } from "../exit.ts";
import { findThread } from "../find-thread.ts";
import { gradesOf } from "../follow.ts";
import { INTERRUPTED, interruptedLine, isInterrupted } from "../interrupted.ts";
import { localTime } from "../local-time.ts";
import type { Session } from "../session.ts";
import { threadJson } from "../thread-json.ts";

export const SHOW_FORMS = ["timeline", "markdown", "json", "html", "context", "request", "graph"] as const;
export type ShowForm = (typeof SHOW_FORMS)[number];

/** `twelvefold show <thread> [--as form]`: prints a thread. */
export async function show(session: Session, id: string, options: { readonly as: string }): Promise<number> {
  const form = SHOW_FORMS.find((known) => known === (session.json ? "json" : options.as));
  if (form === undefined)
    throw new UsageError("invalid_argument", `--as takes ${SHOW_FORMS.join(", ")}, not ${options.as}`);
  const thread = await (await session.runtime()).get(await findThread(session, id));
  switch (form) {
    case "json":
      session.terminal.out(JSON.stringify(threadJson(thread), null, 2));
      break;
    case "markdown":
      session.terminal.out(visible(exportMarkdown(thread).trimEnd()));
      break;
    case "html":
      session.terminal.out(visible(exportHtml(thread).trimEnd()));
      break;
    case "graph":
      session.terminal.out(visible(toMermaid(threadGraph(thread)).trimEnd()));
      break;
    case "request":
      return (await import("./prompt.ts")).prompt(session, thread.state.agent, [], { thread: thread.id });
    case "context":
      session.terminal.out(visible(await contextOf(session, thread)));
      break;
    case "timeline":
      for (const line of timeline(thread, session, {
        graded: gradesOf(await session.runtime(), thread.state.agent),
        interrupted: await isInterrupted(session, thread),
        people: (await session.runtime()).people,
      }))
        session.terminal.out(line);
      for (const line of await heldBack(session, thread)) session.terminal.out(line);
      break;
    default:
      return form satisfies never;
  }
  return EXIT.ok;
}

/** Why a working thread may stand still: model clients that may not be asked more at present. */
async function heldBack(session: Session, { state }: Thread): Promise<readonly string[]> {
  if (state.status.kind !== "running") return [];
  const clients = await (await session.runtime()).pressure();
  return clients.flatMap(({ client, running, waiting }) => {
    const own = waiting[state.agent] ?? 0;
    const all = Object.values(waiting).reduce((sum, calls) => sum + calls, 0);
    const what = `${visibleLine(client)} is asked by ${running} calls; ${all} wait for their turn, ${own} of them of ${visibleLine(state.agent)}`;
    return own === 0 ? [] : [session.colors.dim(what)];
  });
}

async function contextOf(session: Session, thread: Thread): Promise<string> {
  const agent = (await session.runtime()).agents.get(thread.state.agent);
  if (agent === undefined)
    throw new UsageError("invalid_configuration", `there is no agent "${thread.state.agent}" here`);
  return agent.context.render(thread);
}

interface TimelineFacts {
  readonly graded: (intent: string) => boolean;
  readonly interrupted: boolean;
  readonly people: People;
}

function timeline(
  thread: Thread,
  { colors: c }: Session,
  { graded, interrupted, people }: TimelineFacts,
): string[] {
  const { state } = thread;
  const start = thread.events[0];
  const width = String(state.seq).length;
  const lines = thread.events.flatMap((event) => {
    const line = eventLine(event, c, graded);
    if (line === undefined) return [];
    const offset = start === undefined ? 0 : Date.parse(event.at) - Date.parse(start.at);
    const margin = `${String(event.seq).padStart(width)} ${elapsedTime(offset).padStart(7)}  `;
    return [`${c.dim(margin)}${line.replace(/\n/g, `\n${" ".repeat(margin.length)}`)}`];
  });
  const { request, usage } = state;
  const tokens = usage.inputTokens + usage.outputTokens;
  const share = cachedShare(usage);
  const cached =
    share === null || share === 0 ? "" : `, ${Math.round(share * 100)} % of the input from the cache`;
  return [
    c.bold(`${thread.id} · ${visibleLine(state.agent)} · ${interrupted ? INTERRUPTED : state.status.kind}`),
    c.dim(
      `started ${localTime(state.startedAt)}, ${countOf(state.steps, "step")}, ${countOf(state.modelCalls, "model call")}, ${countOf(tokens, "token")}${cached}`,
    ),
    ...lines,
    ...(interrupted ? [interruptedLine(thread.id)] : []),
    ...(request?.type === "approval" ? cardLines(request, { colors: c, people, timeOf: localTime }) : []),
    ...(request === null ? [] : howToAnswer(thread, request, people)),
  ];
}

function elapsedTime(ms: number): string {
  if (ms < 1_000) return `+${ms}ms`;
  if (ms < 60_000) return `+${(ms / 1_000).toFixed(1)}s`;
  if (ms < 3_600_000) return `+${Math.floor(ms / 60_000)}m`;
  return ms < 86_400_000 ? `+${Math.floor(ms / 3_600_000)}h` : `+${Math.floor(ms / 86_400_000)}d`;
}
