import { visible } from "../../present/visible-text.ts";
import type { ThreadSummary, UnreadableThread } from "../../store/store.ts";
import { STATUS_KINDS, type StatusKind } from "../../thread/state.ts";
import { FilterForm } from "../components/filter.tsx";
import { type Frame, Layout } from "../components/layout.tsx";
import { AgentName, Empty, StatusPill } from "../components/parts.tsx";
import { Ago } from "../components/text.tsx";
import { paths, withQuery } from "../paths.ts";
import { STATUS_WORDS } from "../views/thread-view.ts";

export interface ThreadsFilter {
  readonly q: string;
  readonly agent: string;
  readonly status: StatusKind | "";
}

interface ThreadsProps {
  readonly frame: Frame;
  readonly threads: readonly ThreadSummary[];
  readonly unreadable: readonly UnreadableThread[];
  readonly agents: readonly string[];
  readonly filter: ThreadsFilter;
  readonly cursor: string;
  readonly next: string | null;
  readonly now: number;
}

/** Every thread, the latest change first. */
export const ThreadsPage = (props: ThreadsProps) => {
  const { frame, threads, unreadable, agents, filter, cursor, next, now } = props;
  const query = { q: filter.q, agent: filter.agent, status: filter.status };
  return (
    <Layout frame={frame} title="Threads" section="threads">
      <div class="page-head">
        <h1>Threads</h1>
        <p class="sub">Everything agents do and have done.</p>
      </div>
      <FilterForm action={paths.threads} q={filter.q} agent={filter.agent} agents={agents}>
        <label>
          <span class="visually-hidden">Status</span>
          <select name="status">
            <option value="">Any status</option>
            {STATUS_KINDS.map((kind) => (
              <option value={kind} selected={kind === filter.status}>
                {STATUS_WORDS[kind].text}
              </option>
            ))}
          </select>
        </label>
      </FilterForm>
      <div
        hx-get={withQuery(paths.threads, { ...query, cursor })}
        hx-trigger="every 5s"
        hx-select="#threads"
        hx-target="#threads"
        hx-swap="outerMorph"
      ></div>
      <section id="threads" aria-label="Threads">
        {unreadable.map(({ threadId, problem }) => (
          <p class="notice notice-bad" role="alert">
            Thread {threadId} cannot be shown: {problem}
          </p>
        ))}
        {threads.length === 0 && unreadable.length === 0 ? (
          <Empty title="No threads." text="Launch an agent, or change the filter." />
        ) : (
          <ul class="rows">
            {threads.map((thread) => (
              <ThreadRow thread={thread} now={now} />
            ))}
          </ul>
        )}
        <p class="more">
          {cursor !== "" && (
            <a class="button" href={withQuery(paths.threads, query)}>
              Newest
            </a>
          )}
          {next !== null && (
            <a class="button" href={withQuery(paths.threads, { ...query, cursor: next })}>
              Older
            </a>
          )}
        </p>
      </section>
    </Layout>
  );
};

export const ThreadRow = ({ thread, now }: { thread: ThreadSummary; now: number }) => (
  <li class="row" id={`thread-${thread.threadId}`}>
    <a href={paths.thread(thread.threadId)} class="row-link" data-item dir="auto">
      {visible(thread.title) || thread.threadId}
    </a>
    <span class="row-meta">
      <StatusPill kind={thread.status} />
      <AgentName name={thread.agent} />
      <Ago at={thread.updatedAt} now={now} />
    </span>
  </li>
);
