import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import { requestIdOf } from "../../base/ids.ts";
import type { HumanRequest } from "../../humans/request.ts";
import { threadGraph } from "../../present/graph.ts";
import { toSvg } from "../../present/graph-svg.ts";
import { countOf, inWords, visible } from "../../present/visible-text.ts";
import type { Thread } from "../../thread/thread.ts";
import { Csrf, type Frame, Layout, Once } from "../components/layout.tsx";
import { AgentName, StatusPill, Way } from "../components/parts.tsx";
import { Ago, Value, Words } from "../components/text.tsx";
import { EventForm, TimelineGroupEntry } from "../components/timeline.tsx";
import { paths, withQuery } from "../paths.ts";
import { type Jumps, SHOWN, type TimelineFilter, type TimelineGroup } from "../views/groups.ts";
import { titleOf } from "../views/request-view.ts";
import { actionsFor } from "../views/thread-view.ts";
import { HiddenValues } from "./revealed.tsx";

export interface ThreadPageProps {
  readonly frame: Frame;
  readonly thread: Thread;
  readonly groups: readonly TimelineGroup[];
  readonly jumps: Jumps;
  readonly filter: TimelineFilter;
  /** How many entries before `groups` are left out. */
  readonly earlier: number;
  readonly now: number;
  /** What threads that work for this one ask people. */
  readonly below: readonly HumanRequest[];
  /** Placeholders that this person may have opened. */
  readonly hidden: readonly string[];
  /** May message, pause, resume, cancel and fork. */
  readonly mayLaunch: boolean;
  readonly exports: readonly { readonly label: string; readonly href: string }[];
}

/** One thread: its status, what happened, and everything a person can do about it. */
export const ThreadPage = (props: ThreadPageProps) => {
  const { frame, thread, groups, mayLaunch, filter } = props;
  const { state } = thread;
  return (
    <Layout frame={frame} title={visible(state.subject || state.title) || thread.id} section="threads">
      <p class="crumbs">
        <a href={paths.threads}>Threads</a>
      </p>
      <div hx-sse:connect={streamOf(thread, filter)} hx-swap="none" id="stream"></div>
      <div class="thread" data-thread={thread.id}>
        <ThreadHead thread={thread} />
        <div class="thread-tools">
          <ThreadJumps thread={thread} jumps={props.jumps} />
          <Within thread={thread} filter={filter} />
        </div>
        <div class="thread-main">
          {props.earlier > 0 && (
            <p class="more">
              <a class="button" href={`${paths.thread(thread.id)}?all=1`}>
                Show what came before ({props.earlier.toLocaleString("en-US")})
              </a>
            </p>
          )}
          <h2 class="visually-hidden">What happened</h2>
          <p class="zone">
            Times in <span data-zone={state.startedAt}>UTC</span>
          </p>
          <ol class="timeline" id="timeline" aria-label="Timeline">
            {groups.map((group) => (
              <TimelineGroupEntry group={group} threadId={thread.id} acts={mayLaunch} />
            ))}
          </ol>
          {mayLaunch && <EventForm csrf={frame.csrf} />}
          {groups.length === 0 && <p class="hint">Nothing in this thread fits.</p>}
          <div id="partial"></div>
          <ThreadEnd thread={thread} />
          {props.below.map((request) => (
            <section class="panel waiting">
              <h2>
                {request.card === null
                  ? "A person is asked, further down"
                  : `Approve ${titleOf(request.asked, request.agent)}, further down?`}
              </h2>
              <Way request={request} linked />
              <a class="button primary" href={paths.request(request.id)}>
                {request.card === null ? "Answer" : "Review and decide"}
              </a>
            </section>
          ))}
          <noscript>
            <p class="notice">
              Without scripts this page does not update by itself.{" "}
              <a href={paths.thread(thread.id)}>Load it again</a>
            </p>
          </noscript>
          {mayLaunch && <MessageForm thread={thread} csrf={frame.csrf} />}
        </div>
        <aside class="thread-side">
          {mayLaunch && <Controls thread={thread} csrf={frame.csrf} />}
          <ThreadFacts thread={thread} now={props.now} />
          <HiddenValues threadId={thread.id} hidden={props.hidden} csrf={frame.csrf} />
          {props.exports.length > 0 && (
            <section class="panel">
              <h2>Export</h2>
              <p class="buttons">
                {props.exports.map(({ label, href }) => (
                  <a class="button" href={href}>
                    {label}
                  </a>
                ))}
              </p>
            </section>
          )}
        </aside>
      </div>
    </Layout>
  );
};

function streamOf({ id, state }: Thread, { search, show }: TimelineFilter): string {
  return withQuery(paths.stream(id), { after: String(state.seq), search, show: show === "all" ? "" : show });
}

/** Ways to what people look for in a long thread. */
export const ThreadJumps = ({ thread, jumps: { errors } }: { thread: Thread; jumps: Jumps }) => {
  const first = errors[0];
  const last = errors.at(-1);
  return (
    <nav id="thread-jumps" class="jumps" aria-label="In this thread">
      <a href="#thread-head">Top</a>
      {first !== undefined && (
        <a href={`#entry-${first}`}>{errors.length === 1 ? "The error" : "First error"}</a>
      )}
      {last !== undefined && last !== first && (
        <a href={`#entry-${last}`}>Last of {errors.length.toLocaleString("en-US")} errors</a>
      )}
      {thread.state.request !== null && <a href="#thread-end">Request</a>}
      <a href="#thread-end">Latest</a>
    </nav>
  );
};

const SHOWN_WORDS: { readonly [S in TimelineFilter["show"]]: string } = {
  all: "Everything",
  steps: "Steps",
  people: "People",
  errors: "Errors",
};

/** The search within the thread, as a plain form. */
const Within = ({ thread, filter }: { thread: Thread; filter: TimelineFilter }) => (
  <search>
    <form class="within" method="get" action={paths.thread(thread.id)}>
      <label>
        <span class="visually-hidden">Search in this thread</span>
        <input type="search" name="search" value={filter.search} placeholder="In this thread" data-search />
      </label>
      <label>
        <span class="visually-hidden">Show</span>
        <select name="show">
          {SHOWN.map((show) => (
            <option value={show} selected={show === filter.show}>
              {SHOWN_WORDS[show]}
            </option>
          ))}
        </select>
      </label>
      <button type="submit">Filter</button>
    </form>
  </search>
);

export const ThreadHead = ({ thread: { id, state } }: { thread: Thread }) => (
  <header id="thread-head" class="thread-head">
    <div class="row-top">
      <StatusPill kind={state.status.kind} />
      <AgentName name={state.agent} />
      <code class="thread-id">{id}</code>
    </div>
    <h1 dir="auto">{visible(state.subject || state.title) || "A new thread"}</h1>
    {state.subject !== "" && state.title !== state.subject && (
      <p class="sub" dir="auto">
        {visible(state.title)}
      </p>
    )}
  </header>
);

/** The part under the timeline: the pending request, or how the thread ended. Always there, so that it can be replaced. */
export const ThreadEnd = ({ thread: { id, state } }: { thread: Thread }) => {
  const { request, status } = state;
  return (
    <div id="thread-end" aria-live="polite">
      {request !== null && (
        <section class="panel waiting">
          <h2>
            {request.type === "approval" ? `Approve ${titleOf(request, state.agent)}?` : "A person is asked"}
          </h2>
          {request.type === "question" && <Words text={request.question} />}
          <a class="button primary" href={paths.request(requestIdOf(id, request.seq))} data-key="a">
            {request.type === "approval" ? "Review and decide" : "Answer"}
          </a>
        </section>
      )}
      {status.kind === "finished" && (
        <section class="panel result">
          <h2>{status.result === null ? "Finished without a result" : "Result"}</h2>
          {status.result !== null && <Value value={status.result} />}
        </section>
      )}
      {status.kind === "running" && <p class="working">Working…</p>}
    </div>
  );
};

const MessageForm = ({ thread: { id, state }, csrf }: { thread: Thread; csrf: string }) =>
  actionsFor(state).message ? (
    <form class="message" method="post" action={paths.threadAction(id, "message")}>
      <Csrf token={csrf} />
      <Once />
      <label class="stack">
        <span>Message to the agent</span>
        <textarea name="text" rows={2} required></textarea>
      </label>
      <button type="submit">Send</button>
    </form>
  ) : null;

export const Controls = ({ thread: { id, state }, csrf }: { thread: Thread; csrf: string }) => {
  const actions = actionsFor(state);
  const offered = (["resume", "pause", "cancel"] as const).filter((action) => actions[action]);
  return (
    <section id="controls" class="controls" aria-label="Controls">
      {offered.map((action) => (
        <form method="post" action={paths.threadAction(id, action)}>
          <Csrf token={csrf} />
          <button type="submit" class={action === "cancel" ? "danger" : action === "resume" ? "primary" : ""}>
            {inWords(action)}
          </button>
        </form>
      ))}
    </section>
  );
};

export const ThreadFacts = ({ thread, now }: { thread: Thread; now: number }) => {
  const { state, events } = thread;
  const first = events[0];
  const fork = first?.type === "thread_started" ? first.data.forkedFrom : undefined;
  return (
    <div id="thread-facts">
      <section class="panel">
        <h2>Path taken</h2>
        {raw(toSvg(threadGraph(thread), { hrefOf: ({ seq }) => `#entry-${seq}` }))}
      </section>
      <section class="panel">
        <h2>Facts</h2>
        <dl class="fields facts">
          <Fact name="Started">
            <Ago at={state.startedAt} now={now} />
          </Fact>
          <Fact name="Steps">{state.steps}</Fact>
          <Fact name="Model calls">{state.modelCalls}</Fact>
          <Fact name="Tokens in">
            {state.usage.inputTokens.toLocaleString("en-US")}
            {state.usage.cachedInputTokens > 0 && (
              <span class="hint"> {countOf(state.usage.cachedInputTokens, "token")} cached</span>
            )}
          </Fact>
          <Fact name="Tokens out">{state.usage.outputTokens.toLocaleString("en-US")}</Fact>
          <Fact name="Events">{state.seq}</Fact>
          {fork !== undefined && (
            <Fact name="Forked from">
              <a href={paths.thread(fork.threadId)}>{fork.threadId}</a>, event {fork.seq}
            </Fact>
          )}
          {state.parent !== null && (
            <Fact name="Asked by">
              <a href={paths.thread(state.parent.threadId)}>{state.parent.threadId}</a>
            </Fact>
          )}
        </dl>
      </section>
    </div>
  );
};

const Fact = ({ name, children }: { name: string; children?: Child }) => (
  <div class="field">
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);
