import { clip, inWords, visible } from "../../present/visible-text.ts";
import { FilterForm } from "../components/filter.tsx";
import { type Frame, Layout } from "../components/layout.tsx";
import { AgentName, Empty, Labels, UrgencyMark, Way } from "../components/parts.tsx";
import { Ago } from "../components/text.tsx";
import { paths, withQuery } from "../paths.ts";
import type { RequestView } from "../views/request-view.ts";
import { describeTimeLeft } from "../views/time.ts";

export interface InboxFilter {
  readonly q: string;
  readonly agent: string;
}

interface InboxProps {
  readonly frame: Frame;
  readonly requests: readonly RequestView[];
  readonly agents: readonly string[];
  readonly filter: InboxFilter;
  /** Where this page begins; empty: at the most urgent. */
  readonly cursor: string;
  readonly next: string | null;
  readonly now: number;
}

const EMPTY = {
  filtered: { title: "Nothing fits.", text: "Change the filter to see other requests." },
  clear: { title: "All clear.", text: "New requests appear here by themselves." },
  older: { title: "No more.", text: "Everything that waits is on the pages before." },
} as const;

/** What waits for a person, the most urgent first. */
export const InboxPage = (props: InboxProps) => {
  const { frame, agents, filter, requests, cursor } = props;
  const query = { q: filter.q, agent: filter.agent };
  const filtered = filter.q !== "" || filter.agent !== "";
  return (
    <Layout frame={frame} title="Inbox" section="inbox">
      <div class="page-head">
        <h1>Inbox</h1>
        <p class="sub">What agents need from people.</p>
      </div>
      <FilterForm action={paths.inbox} {...filter} agents={agents} />
      <div
        id="live"
        hx-get={withQuery(paths.inbox, { ...query, cursor })}
        hx-trigger="every 4s"
        hx-select="#requests"
        hx-target="#requests"
        hx-swap="outerMorph"
      ></div>
      <section id="requests" aria-label="Waiting requests">
        {requests.length === 0 ? (
          <Empty {...EMPTY[filtered ? "filtered" : cursor === "" ? "clear" : "older"]} />
        ) : (
          <ul class="cards">
            {requests.map((request) => (
              <RequestRow request={request} now={props.now} />
            ))}
          </ul>
        )}
        {(cursor !== "" || props.next !== null) && (
          <p class="more">
            {cursor !== "" && (
              <a class="button" href={withQuery(paths.inbox, query)}>
                First page
              </a>
            )}
            {props.next !== null && (
              <a class="button" href={withQuery(paths.inbox, { ...query, cursor: props.next })}>
                More requests
              </a>
            )}
          </p>
        )}
      </section>
    </Layout>
  );
};

const RequestRow = ({ request, now }: { request: RequestView; now: number }) => (
  <li class={`card-row edge-${request.urgency}`} id={`request-${request.id.replace(".", "-")}`}>
    <div class="row-top">
      <UrgencyMark urgency={request.urgency} />
      <AgentName name={request.agent} />
      <Labels labels={request.paused ? [...request.labels, PAUSED] : request.labels} />
      <span class="row-age">
        <Ago at={request.askedAt} now={now} />
        {request.expiresAt !== null && (
          <span class="expiry"> · {describeTimeLeft(request.expiresAt, now)}</span>
        )}
      </span>
    </div>
    <h2 class="row-title">
      <a href={paths.request(request.id)} data-item dir="auto">
        {clip(request.title, 160)}
      </a>
    </h2>
    <Way request={request} linked={false} />
    {request.asked.type === "approval" && <ArgumentLine request={request} />}
    {request.goal !== "" && (
      <p class="row-goal" dir="auto">
        {clip(request.goal, 200)}
      </p>
    )}
  </li>
);

const PAUSED = {
  text: "Thread paused",
  meaning: "The answer is kept until it resumes.",
  tone: "neutral",
} as const;

const ArgumentLine = ({ request: { asked: request } }: { request: RequestView }) => {
  if (request.type !== "approval") return null;
  const parts = Object.entries(request.card.arguments).slice(0, 4);
  return (
    <p class="row-arguments">
      {parts.map(([name, value]) => (
        <span class="argument">
          <span class="argument-name">{clip(inWords(name), 40)}</span>{" "}
          <code>{clip(visible(typeof value === "string" ? value : JSON.stringify(value)), 60)}</code>
        </span>
      ))}
    </p>
  );
};
