import type { ThreadId } from "../../base/ids.ts";
import { markWords } from "../../base/search-words.ts";
import { nameOf } from "../../present/people.ts";
import { countOf, visibleLine } from "../../present/visible-text.ts";
import { UNINDEXED_COUNTED } from "../../server/shown.ts";
import type { SearchHit, ThreadPage, ThreadSummary } from "../../store/store.ts";
import { STATUS_KINDS, type StatusKind } from "../../thread/state.ts";
import { FilterForm } from "../components/filter.tsx";
import { type Frame, Layout } from "../components/layout.tsx";
import { Excerpt, Marked } from "../components/marked.tsx";
import { AgentName, Empty, StatusPill } from "../components/parts.tsx";
import { Ago } from "../components/text.tsx";
import { paths, withQuery } from "../paths.ts";
import { STATUS_WORDS } from "../views/thread-view.ts";
import { dayIn, durationOf, shortTime } from "../views/time.ts";

export interface ThreadsFilter {
  readonly search: string;
  readonly agent: string;
  readonly status: StatusKind | "";
  /** `me`: only threads that wait for the person who looks. */
  readonly waiting: "me" | "";
  /** `today`: only threads that changed since midnight in `zone`. */
  readonly since: "today" | "";
  /** The time zone in which it is today; `""` unless `since` is `today`. */
  readonly zone: string;
}

interface ThreadsProps extends ThreadPage {
  readonly frame: Frame;
  readonly agents: readonly string[];
  readonly filter: ThreadsFilter;
  readonly cursor: string;
  /** How many threads a search cannot find yet by all they say. */
  readonly unindexed: number;
  /** In the currency of the agents' prices; `null`: no agent has prices. */
  readonly costs: ReadonlyMap<ThreadId, number> | null;
  readonly now: number;
}

const NO_FILTER: ThreadsFilter = { search: "", agent: "", status: "", waiting: "", since: "", zone: "" };

const PRESETS: readonly { readonly text: string; readonly filter: Partial<ThreadsFilter> }[] = [
  { text: "All", filter: {} },
  { text: "Waiting for me", filter: { waiting: "me" } },
  { text: "Working", filter: { status: "running" } },
  { text: "Failed", filter: { status: "failed" } },
  { text: "Today", filter: { since: "today" } },
];

/** Every thread, the latest change first. */
export const ThreadsPage = (props: ThreadsProps) => {
  const { frame, agents, filter, cursor, now } = props;
  const here = withQuery(paths.threads, { ...filter, cursor });
  return (
    <Layout frame={frame} title="Threads" section="threads">
      <div class="page-head">
        <h1>Threads</h1>
        <p class="sub">Everything agents do and have done.</p>
      </div>
      <Presets filter={filter} />
      {filter.since !== "" && (
        <p class="hint preset-note">
          Changed since midnight, {dayIn(now, filter.zone)} in {visibleLine(filter.zone)}
        </p>
      )}
      <FilterForm
        action={paths.threads}
        search={filter.search}
        agent={filter.agent}
        agents={agents}
        typed="#list"
      >
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
        {filter.waiting !== "" && <input type="hidden" name="waiting" value={filter.waiting} />}
        {filter.since !== "" && (
          <>
            <input type="hidden" name="since" value={filter.since} />
            <input type="hidden" name="zone" value={filter.zone} />
          </>
        )}
      </FilterForm>
      <div id="list">
        <div
          hx-get={here}
          hx-trigger="every 5s"
          hx-select="#threads"
          hx-target="#threads"
          hx-swap="outerMorph"
        ></div>
        <Found {...props} />
      </div>
    </Layout>
  );
};

const Presets = ({ filter }: { filter: ThreadsFilter }) => (
  <nav class="presets" aria-label="Presets">
    {PRESETS.map((preset) => {
      const { search: _, agent: __, zone: ___, ...chosen } = { ...NO_FILTER, ...preset.filter };
      const isHere = Object.entries(chosen).every(([name, value]) =>
        Object.entries(filter).some(([other, set]) => other === name && set === value),
      );
      return (
        <a
          href={withQuery(paths.threads, { ...filter, ...chosen, zone: "" })}
          aria-current={isHere ? "page" : undefined}
          data-today={chosen.since === "" ? undefined : true}
        >
          {preset.text}
        </a>
      );
    })}
  </nav>
);

const Found = ({ threads, hits, unreadable, filter, cursor, next, unindexed, costs, now }: ThreadsProps) => {
  const hitOf = new Map(hits.map((hit) => [hit.threadId, hit]));
  const isSearch = filter.search.trim() !== "";
  return (
    <section id="threads" aria-label="Threads">
      {isSearch && unindexed > 0 && (
        <p class="notice" role="status">
          {countOf(unindexed, "older thread")}
          {unindexed >= UNINDEXED_COUNTED ? " or more" : ""} {unindexed === 1 ? "is" : "are"} still being
          indexed: {unindexed === 1 ? "it" : "they"} may be missing here.
        </p>
      )}
      {unreadable.map(({ threadId, problem }) => (
        <p class="notice notice-bad" role="alert">
          Thread {threadId} cannot be shown: {problem}
        </p>
      ))}
      {threads.length === 0 && unreadable.length === 0 ? (
        next === null ? (
          <Empty
            title={isSearch ? "Nothing found." : "No threads."}
            text={
              isSearch
                ? "All words must stand in one thread, each as it begins. Try fewer."
                : "Launch an agent, or change the filter."
            }
          />
        ) : (
          <Empty title="Nothing found so far." text="There are older threads to look through." />
        )
      ) : (
        <table class="threads">
          <thead>
            <tr>
              <th scope="col">Thread</th>
              <th scope="col">Status</th>
              <th scope="col">Asked by</th>
              <th scope="col">Started</th>
              <th scope="col">Took</th>
              <th scope="col">Tokens</th>
              {costs !== null && <th scope="col">Cost</th>}
            </tr>
          </thead>
          <tbody>
            {threads.map((thread) => (
              <ThreadRow
                thread={thread}
                hit={hitOf.get(thread.threadId)}
                search={filter.search}
                cost={costs === null ? undefined : (costs.get(thread.threadId) ?? null)}
                now={now}
              />
            ))}
          </tbody>
        </table>
      )}
      <p class="more">
        {cursor !== "" && (
          <a class="button" href={withQuery(paths.threads, { ...filter })}>
            Newest
          </a>
        )}
        {next !== null && (
          <a class="button" href={withQuery(paths.threads, { ...filter, cursor: next })}>
            {threads.length === 0 ? "Look through older ones" : "Older"}
          </a>
        )}
      </p>
    </section>
  );
};

interface RowProps {
  readonly thread: ThreadSummary;
  readonly hit: SearchHit | undefined;
  readonly search: string;
  /** `null`: its agent has no prices; `undefined`: none has. */
  readonly cost: number | null | undefined;
  readonly now: number;
}

const ThreadRow = ({ thread, hit, search, cost, now }: RowProps) => {
  const { subject, title, requester, tokens } = thread;
  const name = visibleLine(subject || title) || thread.threadId;
  const latest = subject === "" || title === subject ? "" : title;
  // What the title says already is not said twice; a word further on in a long text it does not say.
  const isBegun = hit?.text.startsWith(subject.replace(/…$/, "")) === true && subject !== "";
  const isSaid = isBegun && markWords(name, search).some((part) => part.hit);
  return (
    <tr id={`thread-${thread.threadId}`}>
      <th scope="row">
        <a href={paths.thread(thread.threadId)} class="row-link" data-item dir="auto">
          <Marked text={name} search={search} />
        </a>
        {hit !== undefined && !isSaid ? (
          <p class="row-latest row-hit" dir="auto">
            <Excerpt text={hit.text} search={search} />
          </p>
        ) : (
          latest !== "" && (
            <p class="row-latest" dir="auto">
              <Marked text={latest} search={search} />
            </p>
          )
        )}
      </th>
      <td class="thread-fact">
        <StatusPill kind={thread.status} />
        <span class="row-age">
          <AgentName name={thread.agent} /> · <Ago at={thread.updatedAt} now={now} />
        </span>
      </td>
      <td class="thread-fact" data-name="Asked by">
        {requester === null ? <span class="value-none">nobody</span> : <bdi>{nameOf(requester)}</bdi>}
      </td>
      <td class="thread-fact" data-name="Started">
        <time datetime={thread.createdAt} data-local>
          {shortTime(thread.createdAt)}
        </time>
      </td>
      <td class="thread-fact" data-name="Took">
        {durationOf(thread, now)}
      </td>
      <td class="thread-fact" data-name="Tokens">
        {tokens.toLocaleString("en")}
      </td>
      {cost !== undefined && (
        <td class="thread-fact" data-name="Cost">
          {cost === null ? "–" : cost.toLocaleString("en-US", { maximumFractionDigits: 4 })}
        </td>
      )}
    </tr>
  );
};
