import type { JsonObject } from "../../base/json.ts";
import { fullNameOf, patternInWords } from "../../present/people.ts";
import { countOf, visible } from "../../present/visible-text.ts";
import type { ApprovalCard } from "../../thread/events.ts";
import type { PendingApproval } from "../../thread/state.ts";
import { type Frame, InboxCrumb, Layout } from "../components/layout.tsx";
import { AgentName, Labels, UrgencyMark, Way } from "../components/parts.tsx";
import { Preview } from "../components/preview.tsx";
import { ApprovalForms, DenyForm, EditForm, QuestionForms } from "../components/request-forms.tsx";
import { Ago, Fields, Words } from "../components/text.tsx";
import { paths } from "../paths.ts";
import type { Deciders, RequestView } from "../views/request-view.ts";
import { describeTimeLeft, fullTime } from "../views/time.ts";

export interface RequestPageProps {
  readonly frame: Frame;
  readonly view: RequestView;
  readonly deciders: Deciders;
  readonly now: number;
  readonly editing: boolean;
  readonly mayRespond: boolean;
  /** Why the posted form was not accepted. */
  readonly problem?: string | undefined;
  readonly typed?: Readonly<Record<string, string>> | undefined;
}

/** One request to people: what is asked, why, what would happen, and the ways to decide. */
export const RequestPage = (props: RequestPageProps) => {
  const { frame, view, deciders, now } = props;
  const { asked: request } = view;
  return (
    <Layout frame={frame} title={view.title} section="inbox">
      <InboxCrumb frame={frame} />
      <article class="request" data-request={view.id}>
        <header class="request-head">
          <div class="row-top">
            <UrgencyMark urgency={view.urgency} />
            <AgentName name={view.agent} />
            <span class="row-age">
              asked <Ago at={view.askedAt} now={now} />
            </span>
          </div>
          <h1 dir="auto">{view.title}</h1>
          <Way request={view} linked={frame.reach === "everything"} />
          <Labels labels={view.labels} />
        </header>
        {props.problem !== undefined && (
          <div class="notice notice-bad" role="alert">
            <p class="words">{visible(props.problem)}</p>
          </div>
        )}
        <div class="request-main">
          {view.goal !== "" && (
            <section class="panel">
              <h2>What the thread is about</h2>
              <Words text={view.goal} />
              {frame.reach === "everything" && (
                <p class="hint">
                  <a href={paths.thread(view.threadId)}>See the whole thread</a>
                </p>
              )}
            </section>
          )}
          {request.type === "question" && request.context !== undefined && (
            <section class="panel">
              <h2>Context</h2>
              <Words text={request.context} />
            </section>
          )}
          {request.type === "approval" && !props.editing && (
            <Call heading="What would run" call={request.card} />
          )}
          {view.call !== null && <Call heading="What was started" call={view.call} />}
          {props.editing && (
            <section class="panel decide" aria-label="Edit the arguments">
              <h2>Edit the arguments</h2>
              <Decide {...props} />
            </section>
          )}
          {request.type === "approval" && <Newer card={request.card} now={now} />}
          {request.type === "approval" && <Failures card={request.card} now={now} />}
          {request.type === "approval" && <Wrote frame={frame} view={view} asked={request} />}
          {request.type === "approval" && request.card.preview !== undefined && (
            <section class="panel">
              <h2>{props.editing ? "What would change without your edit" : "What would change"}</h2>
              <Preview preview={request.card.preview} />
            </section>
          )}
        </div>
        <div class="request-side">
          {!props.editing && (
            <section class="panel decide" aria-label="Decide">
              <h2>{request.type === "approval" ? "Your decision" : "Your answer"}</h2>
              <Decide {...props} />
            </section>
          )}
          <RequestStatus view={view} deciders={deciders} now={now} />
        </div>
      </article>
    </Layout>
  );
};

/** The model's own words beside the step, as plain text, with a link to the rest if they are cut. */
const Wrote = ({ frame, view, asked }: { frame: Frame; view: RequestView; asked: PendingApproval }) => {
  const { said } = asked.card;
  if (said === undefined) return null;
  const more = said.length - said.text.length;
  const step = Number(asked.callId.slice("call_".length));
  return (
    <section class="panel">
      <h2>The model wrote</h2>
      <Words text={said.text} />
      {more > 0 && (
        <p class="hint">
          … {countOf(more, "more character")}
          {frame.reach === "everything" && (
            <>
              : <a href={paths.step(view.threadId, step)}>see it all</a>
            </>
          )}
        </p>
      )}
    </section>
  );
};

/** What requesters have sent since the model proposed the step. */
const Newer = ({ card: { newer }, now }: { card: ApprovalCard; now: number }) => {
  if (newer === undefined) return null;
  const earlier = newer.count - newer.latest.length;
  return (
    <section class="panel" data-card="newer">
      <h2>Sent since the model proposed this</h2>
      {earlier > 0 && <p class="hint">{countOf(earlier, "earlier message")} in the thread</p>}
      {newer.latest.map(({ at, from, text, length }) => (
        <>
          <p class="hint">
            {from === null ? "An unknown sender" : fullNameOf(from)}, <Ago at={at} now={now} />
          </p>
          <Words text={text} />
          {length > text.length && <p class="hint">… {countOf(length - text.length, "more character")}</p>}
        </>
      ))}
    </section>
  );
};

/** The failures of steps like this one since one last succeeded. */
const Failures = ({ card: { failures }, now }: { card: ApprovalCard; now: number }) => {
  if (failures === undefined) return null;
  return (
    <section class="panel" data-card="failures">
      <h2>{failures.count === 1 ? "It has failed once" : `It has failed ${failures.count} times`}</h2>
      {failures.latest.map(({ at, message }) => (
        <>
          <p class="hint">
            <Ago at={at} now={now} />
          </p>
          <Words text={message} />
        </>
      ))}
    </section>
  );
};

const Decide = (props: RequestPageProps) => {
  const { view, deciders, frame, typed } = props;
  const { asked: request } = view;
  if (!props.mayRespond)
    return <p class="notice">You may look, but not decide: this session cannot respond.</p>;
  const shared = { view, csrf: frame.csrf, typed };
  if (deciders.mayNot !== null) {
    return (
      <div class="decisions">
        {deciders.hasApproved ? (
          <p class="notice notice-good">You have approved. {stillNeeded(deciders)}</p>
        ) : (
          <p class="notice words">{deciders.mayNot}</p>
        )}
        {deciders.mayDeny && <DenyForm {...shared} label="You may still say no" />}
      </div>
    );
  }
  if (request.type === "question") return <QuestionForms {...shared} request={request} />;
  return props.editing ? (
    <EditForm {...shared} request={request} />
  ) : (
    <ApprovalForms {...shared} request={request} />
  );
};

function stillNeeded({ needed, approvedBy }: Deciders): string {
  const more = needed - approvedBy.length;
  return more === 1 ? "One more person must agree." : `${more} more people must agree.`;
}

const Call = (props: { heading: string; call: { intent: string; arguments: JsonObject } }) => (
  <section class="panel">
    <h2>
      {props.heading}: <code>{visible(props.call.intent)}</code>
    </h2>
    <Fields fields={props.call.arguments} />
  </section>
);

/** Who may decide, who has decided, and how much time is left. Kept up to date while the page is open. */
export const RequestStatus = (props: { view: RequestView; deciders: Deciders; now: number }) => {
  const { view, deciders, now } = props;
  return (
    <section
      id="request-status"
      class="panel facts"
      aria-label="Who decides"
      hx-get={paths.request(view.id)}
      hx-trigger="every 5s"
      hx-select="#request-status"
      hx-swap="outerMorph"
    >
      <dl class="fields">
        <div class="field">
          <dt>Who may decide</dt>
          <dd>
            {deciders.allowed === null
              ? "anybody who is signed in"
              : deciders.allowed.length === 0
                ? "nobody"
                : deciders.allowed.map(patternInWords).join(", ")}
            {deciders.requesterMayNot && <>, but not the person who asked for it</>}
          </dd>
        </div>
        {deciders.needed > 1 && (
          <div class="field">
            <dt>Approvals</dt>
            <dd>
              {deciders.approvedBy.length} of {deciders.needed} people
              {deciders.approvedBy.length > 0 && <>: {deciders.approvedBy.map(fullNameOf).join(", ")}</>}
            </dd>
          </div>
        )}
        {view.expiresAt !== null && (
          <div class="field">
            <dt>Time left</dt>
            <dd>
              <time datetime={view.expiresAt} title={fullTime(view.expiresAt)}>
                {describeTimeLeft(view.expiresAt, now)}
              </time>
              {view.asked.type === "approval" && (view.asked.policy.onExpiry ?? "deny") === "deny"
                ? "; then it counts as denied"
                : "; then it is asked again"}
            </dd>
          </div>
        )}
      </dl>
    </section>
  );
};
