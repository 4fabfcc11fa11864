import type { ThreadId } from "../../base/ids.ts";
import type { People } from "../../humans/people.ts";
import { mayDecide } from "../../humans/request.ts";
import { describeField } from "../../present/describe-field.ts";
import { clip, countOf, visible, visibleLine } from "../../present/visible-text.ts";
import { decidersInWords, personInWords } from "../../present/who-decides.ts";
import type { Principal } from "../../thread/events.ts";
import { FilterForm } from "../components/filter.tsx";
import { type Frame, Layout } from "../components/layout.tsx";
import { Excerpt } from "../components/marked.tsx";
import { AgentName, Empty, Labels, UrgencyMark, Way } from "../components/parts.tsx";
import { Ago } from "../components/text.tsx";
import { paths, withQuery } from "../paths.ts";
import type { RequestView } from "../views/request-view.ts";
import { describeTimeLeft } from "../views/time.ts";

export interface InboxFilter {
  readonly search: string;
  readonly agent: string;
  /** Requests that the person who looks may decide on now, or everybody's. */
  readonly whose: "mine" | "all";
}

interface InboxProps {
  readonly frame: Frame;
  readonly requests: readonly RequestView[];
  /** Where the search has found its words, by thread. */
  readonly found: ReadonlyMap<ThreadId, string>;
  /** How many are left out because they wait for others. */
  readonly others: number;
  readonly agents: readonly string[];
  readonly filter: InboxFilter;
  /** Where this page begins; empty: at the most urgent. */
  readonly cursor: string;
  readonly next: string | null;
  readonly viewer: Principal;
  readonly people: People;
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
  const query = { search: filter.search, agent: filter.agent, whose: filter.whose === "all" ? "all" : "" };
  const filtered = filter.search !== "" || filter.agent !== "";
  return (
    <Layout frame={frame} title="Inbox" section="inbox">
      <div class="page-head">
        <h1>Inbox</h1>
        <p class="sub">What agents need from people.</p>
      </div>
      <FilterForm
        action={paths.inbox}
        search={filter.search}
        agent={filter.agent}
        agents={agents}
        typed="#list"
      >
        <label>
          <span class="visually-hidden">Whose</span>
          <select name="whose">
            <option value="">Waiting for you</option>
            <option value="all" selected={filter.whose === "all"}>
              Waiting for anybody
            </option>
          </select>
        </label>
      </FilterForm>
      <div id="list">
        <div
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
                <RequestRow request={request} {...props} hit={props.found.get(request.threadId)} />
              ))}
            </ul>
          )}
          {props.others > 0 && (
            <p class="more">
              <a href={withQuery(paths.inbox, { ...query, whose: "all" })}>
                {countOf(props.others, "request")} {props.others === 1 ? "waits" : "wait"} for others
              </a>
            </p>
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
      </div>
    </Layout>
  );
};

interface RowProps {
  readonly request: RequestView;
  readonly hit: string | undefined;
  readonly filter: Pick<InboxFilter, "search">;
  readonly viewer: Principal;
  readonly people: People;
  readonly now: number;
}

const RequestRow = ({ request, hit, filter, viewer, people, now }: RowProps) => (
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
    <ArgumentLine request={request} />
    {request.goal !== "" && (
      <p class="row-goal" dir="auto">
        {clip(visibleLine(request.goal, 1_000), 200)}
      </p>
    )}
    {hit !== undefined && (
      <p class="row-latest row-hit" dir="auto">
        <Excerpt text={hit} search={filter.search} />
      </p>
    )}
    <Standing request={request} viewer={viewer} people={people} />
  </li>
);

const PAUSED = {
  text: "Thread paused",
  meaning: "The answer is kept until it resumes.",
  tone: "neutral",
} as const;

/** Who has approved, and for whom it waits if not for the person who looks. */
const Standing = ({ request, viewer, people }: Pick<RowProps, "request" | "viewer" | "people">) => {
  const { asked } = request;
  const needed = asked.type === "approval" ? (asked.policy.needed ?? 1) : 1;
  const approvedBy = asked.type === "approval" ? asked.approvedBy : [];
  const isMine = mayDecide(request, viewer, people);
  const parts = [
    ...(needed > 1 ? [`${approvedBy.length} of ${needed}`] : []),
    ...(approvedBy.length > 0
      ? [`approved by ${approvedBy.map((one) => personInWords(one, people)).join(", ")}`]
      : []),
    ...(isMine ? [] : [`waits for ${decidersInWords({ request, viewer, mayDecide: false, people })}`]),
    ...(isMine && needed > 1
      ? [`up to ${decidersInWords({ request, viewer, mayDecide: true, people })}`]
      : []),
  ];
  return parts.length === 0 ? null : <p class="row-standing">{parts.join(" · ")}</p>;
};

/** What is decided on: the fields that the step emphasises, or its first ones, and the rule's reason. */
const ArgumentLine = ({ request: { asked: request } }: { request: RequestView }) => {
  if (request.type !== "approval") return null;
  const { card } = request;
  const all = Object.keys(card.arguments);
  const names = card.emphasis?.filter((name) => all.includes(name)) ?? all.slice(0, 4);
  const rule = card.reasons.find((reason) => reason.kind === "policy");
  return (
    <p class="row-arguments">
      {names.map((name) => {
        const { label, unit } = describeField(name, card.descriptions?.[name]);
        const value = card.arguments[name] ?? null;
        return (
          <span class={card.emphasis === undefined ? "argument" : "argument emphasised"}>
            <span class="argument-name">{clip(label, 40)}</span>{" "}
            <code>{clip(visible(typeof value === "string" ? value : JSON.stringify(value)), 60)}</code>
            {typeof value === "number" && unit !== "" && ` ${unit}`}
          </span>
        );
      })}
      {rule?.because !== undefined && (
        <span class="argument">because {clip(visibleLine(rule.because), 120)}</span>
      )}
    </p>
  );
};
