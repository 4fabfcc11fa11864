import { cachedShare } from "../../base/completion.ts";
import { UsageError } from "../../base/errors.ts";
import { loadTokenCounter } from "../../context/budget/tokens.ts";
import { compareFormats, type FormatCost } from "../../context/formats/compare-formats.ts";
import { visibleLine } from "../../present/visible-text.ts";
import type { ThreadState } from "../../thread/state.ts";
import { EXIT } from "../exit.ts";
import { findThread } from "../find-thread.ts";
import type { Session } from "../session.ts";

const BAR = 32;

/** `twelvefold tokens <thread>`: compares what the thread would cost in each format. */
export async function tokens(session: Session, id: string): Promise<number> {
  const { terminal, colors: c, json } = session;
  const runtime = await session.runtime();
  const thread = await runtime.get(await findThread(session, id));
  const agent = runtime.agents.get(thread.state.agent);
  if (agent === undefined) {
    const name = visibleLine(thread.state.agent);
    throw new UsageError("invalid_configuration", `there is no agent "${name}" here`);
  }
  const { format = "xml" } = agent.context.options;
  const counter = await loadTokenCounter();
  const rows = compareFormats(thread.events, counter, agent.context.options);
  if (json) {
    const current = typeof format === "string" ? format : null;
    const { seq: events, usage } = thread.state;
    const found = { threadId: thread.id, events, current, formats: rows, usage, cached: cachedShare(usage) };
    terminal.out(JSON.stringify(found, null, 2));
    return EXIT.ok;
  }
  const most = Math.max(1, ...rows.map((row) => row.tokens));
  terminal.out(c.bold("format      tokens    bytes  ratio"));
  for (const row of rows) terminal.out(line(row, most, row.format === format, session));
  terminal.err(
    c.dim(`${thread.id}, ${thread.state.seq} events; tokens are estimates (${counter.encoding ?? "?"})`),
  );
  terminal.err(c.dim(describeUsage(thread.state)));
  return EXIT.ok;
}

/** What the providers counted so far, and how much of it they had cached. */
function describeUsage({ modelCalls, usage }: ThreadState): string {
  const { inputTokens, outputTokens, cachedInputTokens } = usage;
  const share = cachedShare(usage);
  const cached =
    share === null ? "" : `, ${cachedInputTokens} of them from the cache (${Math.round(share * 100)} %)`;
  return `${modelCalls} model calls so far: ${inputTokens} tokens in${cached}, ${outputTokens} out`;
}

function line(
  { format, tokens: count, bytes, ratio }: FormatCost,
  most: number,
  current: boolean,
  { colors: c }: Session,
) {
  const bar = "█".repeat(Math.max(1, Math.round((count / most) * BAR)));
  const numbers = `${String(count).padStart(7)}  ${String(bytes).padStart(7)}  ${ratio.toFixed(2).padStart(5)}`;
  const name = format.padEnd(10);
  return `${current ? c.bold(name) : name} ${numbers}  ${c.cyan(bar)}${current ? c.dim("  this agent's") : ""}`;
}
