import type { Json } from "../../base/json.ts";
import type { People } from "../../humans/people.ts";
import { fullNameOf } from "../../present/people.ts";
import { visible } from "../../present/visible-text.ts";
import { decidersInWords, personInWords } from "../../present/who-decides.ts";
import type { EditedFields } from "../../steps/edit-form.ts";
import { AboutPanel, EvidencePanel } from "../components/about.tsx";
import { Call, Emphasis, Failures, Newer, Why, Wrote } from "../components/card.tsx";
import { EditForm } from "../components/edit-form.tsx";
import { type Frame, InboxCrumb, Layout } from "../components/layout.tsx";
import { AgentName, Labels, Next, UrgencyMark, Way } from "../components/parts.tsx";
import { Preview } from "../components/preview.tsx";
import { ApprovalForms, DenyForm, QuestionForms } from "../components/request-forms.tsx";
import { Ago, Words } from "../components/text.tsx";
import { paths } from "../paths.ts";
import type { About } from "../views/about.ts";
import type { Evidence } from "../views/evidence.ts";
import type { Deciders, RequestView } from "../views/request-view.ts";
import { describeTimeLeft, fullTime } from "../views/time.ts";
import { HiddenValues } from "./revealed.tsx";

export interface RequestPageProps {
  readonly frame: Frame;
  readonly view: RequestView;
  readonly about: About;
  readonly evidence: Evidence | null;
  readonly deciders: Deciders;
  readonly people: People;
  readonly now: number;
  /** Placeholders that this person may have opened. */
  readonly hidden: readonly string[];
  /** What waits for this person besides; `null` if that is not said here. */
  readonly next: RequestView | null;
  /** The fields of the step as the prompt declares them. */
  readonly declared: EditedFields["declared"];
  /** Whether the tool can say what an edit would change. */
  readonly hasPreview: boolean;
  /** What the edit that was typed would change. */
  readonly preview: Json | undefined;
  readonly editing: boolean;
  readonly mayRespond: boolean;
  /** Why the posted form was not accepted. */
  readonly problem?: string | undefined;
  readonly typed?: Readonly<Record<string, string>> | undefined;
}

/** One request to people: what is asked, why, what would happen, and the ways to decide. */
export const RequestPage = (props: RequestPageProps) => {
  const { frame, view, now } = props;
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
          {request.type === "approval" && !props.editing && <Emphasis card={request.card} />}
        </header>
        {props.problem !== undefined && (
          <div class="notice notice-bad" role="alert">
            <p class="words">{visible(props.problem)}</p>
          </div>
        )}
        {view.changed !== null && (
          <div class="notice">
            <p class="words">
              Since this was asked, {view.changed}. To approve it runs nothing: it is asked for again, as it
              would run now.
            </p>
          </div>
        )}
        <div class="request-main">
          {props.editing && (
            <section class="panel decide" aria-label="Edit the arguments">
              <h2>Edit the arguments</h2>
              <Decide {...props} />
            </section>
          )}
          <Facts {...props} />
        </div>
        <div class="request-side">
          {!props.editing && (
            <section class="panel decide" id="decide" aria-label="Decide">
              <h2>{request.type === "approval" ? "Your decision" : "Your answer"}</h2>
              <Decide {...props} />
            </section>
          )}
          {request.type === "question" && props.mayRespond && props.deciders.mayNot === null && (
            <p class="phone-pin">
              <a class="button primary" href="#decide">
                Answer
              </a>
            </p>
          )}
          <RequestStatus {...props} />
          <HiddenValues threadId={view.threadId} hidden={props.hidden} csrf={frame.csrf} />
        </div>
      </article>
    </Layout>
  );
};

/** Everything that a decision needs, the call itself first. */
const Facts = ({ frame, view, now, ...props }: RequestPageProps) => {
  const { asked: request } = view;
  const approval = request.type === "approval" ? request : null;
  return (
    <>
      {approval !== null && !props.editing && <Call heading="What would run" call={approval.card} />}
      {view.call !== null && <Call heading="What was started" call={view.call} />}
      {request.type === "question" && request.context !== undefined && (
        <section class="panel">
          <h2>Context</h2>
          <Words text={request.context} />
        </section>
      )}
      {props.preview !== undefined && (
        <section class="panel" data-card="edited-preview">
          <h2>What would change with your edit</h2>
          <Preview preview={props.preview} />
        </section>
      )}
      {approval?.card.preview !== undefined && props.preview === undefined && (
        <section class="panel">
          <h2>{props.editing ? "What would change without your edit" : "What would change"}</h2>
          <Preview preview={approval.card.preview} />
        </section>
      )}
      {approval !== null && <Why card={approval.card} />}
      {approval !== null && <Newer card={approval.card} now={now} />}
      {props.evidence !== null && <EvidencePanel evidence={props.evidence} now={now} />}
      <Failures failures={approval === null ? view.failures : approval.card.failures} now={now} />
      <AboutPanel
        about={props.about}
        people={props.people}
        now={now}
        threadId={frame.reach === "everything" ? view.threadId : null}
      />
      {approval !== null && <Wrote frame={frame} view={view} asked={approval} />}
    </>
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
          <>
            <p class="notice notice-good">You have approved. {stillNeeded(deciders)}</p>
            <Next next={props.next} />
          </>
        ) : (
          <p class="notice words">{deciders.mayNot}</p>
        )}
        {deciders.mayDeny && <DenyForm {...shared} label="You may still say no" />}
      </div>
    );
  }
  const { mayNotRunAgain } = deciders;
  if (request.type === "question")
    return <QuestionForms {...shared} request={request} mayNotRunAgain={mayNotRunAgain} />;
  return props.editing ? (
    <EditForm {...shared} request={request} declared={props.declared} hasPreview={props.hasPreview} />
  ) : (
    <ApprovalForms {...shared} request={request} />
  );
};

function stillNeeded({ needed, approvedBy }: Deciders): string {
  const more = needed - approvedBy.length;
  return more === 1 ? "One more person must agree." : `${more} more people must agree.`;
}

/** Who may decide, who has decided, and how much time is left. Kept up to date while the page is open. */
export const RequestStatus = ({ view, deciders, people, frame, now }: RequestPageProps) => {
  const mayDecide = deciders.mayNot === null;
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
          <dt>Who decides</dt>
          <dd title={visible((view.to ?? []).join(", "))}>
            {decidersInWords({ request: view, viewer: frame.viewer, mayDecide, people })}
          </dd>
        </div>
        {deciders.needed > 1 && (
          <div class="field">
            <dt>Approvals</dt>
            <dd title={deciders.approvedBy.map(fullNameOf).join(", ")}>
              {deciders.approvedBy.length} of {deciders.needed} people
              {deciders.approvedBy.length > 0 && (
                <>: {deciders.approvedBy.map((one) => personInWords(one, people)).join(", ")}</>
              )}
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
