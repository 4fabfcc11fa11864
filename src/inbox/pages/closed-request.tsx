import { type RequestId, requestIdOf } from "../../base/ids.ts";
import { declaredTitle } from "../../humans/card-title.ts";
import { inWords, visible, visibleLine } from "../../present/visible-text.ts";
import type { Thread } from "../../thread/thread.ts";
import { type Frame, InboxCrumb, Layout } from "../components/layout.tsx";
import { Next } from "../components/parts.tsx";
import { Ago, Fields, Value, Words } from "../components/text.tsx";
import { paths, withQuery } from "../paths.ts";
import type { DecisionOutcome } from "../views/outcome.ts";
import type { RequestHistory } from "../views/request-history.ts";
import type { RequestView } from "../views/request-view.ts";

interface ClosedProps {
  readonly frame: Frame;
  readonly id: RequestId;
  readonly thread: Thread;
  readonly history: RequestHistory;
  /** What has become of the call; `null` if the decision lets none run. */
  readonly outcome: DecisionOutcome | null;
  /** What waits for this person besides. */
  readonly next: RequestView | null;
  readonly now: number;
  /** True after a decision that was not taken; false if the page is only looked at. */
  readonly rejected: boolean;
  /** True right after this person's own decision. */
  readonly done: boolean;
}

function askedTitle(asked: RequestHistory["asked"], agent: string): string {
  if (asked.type === "human_asked") return visible(asked.data.question);
  const { card } = asked.data;
  return visibleLine(declaredTitle(card, agent) ?? inWords(card.intent));
}

const HEADINGS: { readonly [S in RequestHistory["state"]]: string } = {
  pending: "This was changed in the meantime",
  answered: "This has been decided",
  expired: "This has expired",
  withdrawn: "This is no longer asked",
};

/** A request that can no longer be decided, and what became of it. */
export const ClosedRequestPage = (props: ClosedProps) => {
  const { frame, thread, history, now, rejected, done } = props;
  const { asked, moments, edited, pendingInstead } = history;
  const title = askedTitle(asked, thread.state.agent);
  return (
    <Layout frame={frame} title={HEADINGS[history.state]} section="inbox">
      <InboxCrumb frame={frame} />
      <article class="request closed" data-state={history.state}>
        <header class="request-head">
          <h1>{done ? "Thank you. It is recorded." : HEADINGS[history.state]}</h1>
          <p class="sub words" dir="auto">
            {title}
          </p>
        </header>
        {rejected && (
          <div class="notice notice-bad" role="alert">
            <p>Your decision was not taken: nothing was changed by it.</p>
          </div>
        )}
        <section id="request-status" class="panel">
          <h2>What happened</h2>
          {moments.length === 0 ? (
            <p>The thread went on without this request.</p>
          ) : (
            <ul class="moments">
              {moments.map((moment) => (
                <li>
                  <span class="words">{moment.text}</span> <Ago at={moment.at} now={now} />
                </li>
              ))}
            </ul>
          )}
        </section>
        <Outcome {...props} />
        {asked.type === "approval_requested" && edited !== null && (
          <section class="panel">
            <h2>As it was changed</h2>
            <Fields fields={edited} descriptions={asked.data.card.descriptions} />
          </section>
        )}
        {asked.type === "approval_requested" && (
          <section class="panel">
            <h2>What was asked</h2>
            <Fields fields={asked.data.card.arguments} descriptions={asked.data.card.descriptions} />
          </section>
        )}
        <Next next={props.next} />
        <p class="buttons">
          {pendingInstead !== null && frame.reach !== "one_request" && (
            <a class="button" href={paths.request(requestIdOf(thread.id, pendingInstead))}>
              See what is asked now
            </a>
          )}
          {frame.reach === "everything" && (
            <a class="button" href={paths.thread(thread.id)}>
              See the thread
            </a>
          )}
          {frame.reach !== "one_request" && (
            <a class="button" href={paths.inbox} data-item>
              Back to the inbox
            </a>
          )}
        </p>
      </article>
    </Layout>
  );
};

/** What the call has led to, as it comes: asked for again until it is there. */
const Outcome = ({ id, frame, outcome }: ClosedProps) => {
  if (outcome === null) return null;
  const isOpen = outcome.kind === "working";
  return (
    <section
      id="outcome"
      class="panel"
      aria-live="polite"
      hx-get={isOpen ? withQuery(paths.request(id), { done: "1" }) : undefined}
      hx-trigger={isOpen ? "every 1s" : undefined}
      hx-select={isOpen ? "#outcome" : undefined}
      hx-swap={isOpen ? "outerHTML" : undefined}
    >
      <h2>What came of it</h2>
      <OutcomeText outcome={outcome} whole={frame.reach === "everything"} />
    </section>
  );
};

/** Who may not see threads is told whether it worked, and no more. */
const OutcomeText = ({ outcome, whole }: { outcome: DecisionOutcome; whole: boolean }) => {
  switch (outcome.kind) {
    case "working":
      return <p class="working">It runs …</p>;
    case "result":
      return whole && outcome.result !== null ? <Value value={outcome.result} /> : <p>It is done.</p>;
    case "error":
      return (
        <>
          <p class="bad">It failed; the agent is told.</p>
          {whole && <Words text={`${outcome.error.name}: ${outcome.error.message}`} />}
        </>
      );
    case "trouble":
      return (
        <>
          <p class="bad">It did not go through.</p>
          {whole && <Words text={outcome.text} />}
        </>
      );
    default:
      return outcome satisfies never;
  }
};
