import type { Child } from "hono/jsx";
import { inWords, visible } from "../../present/visible-text.ts";
import type { PendingApproval, PendingQuestion } from "../../thread/state.ts";
import { paths } from "../paths.ts";
import type { RequestView } from "../views/request-view.ts";
import { Csrf } from "./layout.tsx";

export interface FormProps {
  readonly view: RequestView;
  readonly csrf: string;
  /** What the person typed before, when the answer was not accepted. */
  readonly typed?: Readonly<Record<string, string>> | undefined;
}

/** A form that names what it decides on: the request's id, and the digest of the card that was shown. */
export const DecisionForm = ({
  view,
  csrf,
  class: name,
  children,
}: FormProps & { class?: string; children?: Child }) => (
  <form method="post" action={paths.request(view.id)} class={name ?? "decision"}>
    <Csrf token={csrf} />
    {view.asked.type === "approval" && <input type="hidden" name="digest" value={view.asked.digest} />}
    {children}
  </form>
);

/** Approve the step unchanged, edit it, or deny it with a reason that the agent reads. */
export const ApprovalForms = (props: FormProps & { request: PendingApproval }) => (
  <div class="decisions">
    <DecisionForm {...props} class="decision decision-approve">
      <button class="primary" type="submit" name="decision" value="approve" data-key="a">
        Approve
      </button>
      {Object.keys(props.request.card.arguments).length > 0 && (
        <a class="button" href={paths.editRequest(props.view.id)} data-key="e">
          Edit arguments
        </a>
      )}
      <a class="button danger phone-pin" href="#deny">
        Deny …
      </a>
    </DecisionForm>
    <DenyForm {...props} label="Or say what should happen instead" />
  </div>
);

/** Deny with a reason that the agent reads: one that the step has ready, or words of one's own. */
export const DenyForm = ({ label, ...props }: FormProps & { label: string }) => (
  <>
    <RejectOptions {...props} options={Object.entries(props.view.card?.rejectOptions ?? {})} />
    <OwnWordsForm {...props} label={label} />
  </>
);

const RejectOptions = ({
  options,
  ...props
}: FormProps & { options: readonly (readonly [name: string, words: string])[] }) =>
  options.length === 0 ? null : (
    <DecisionForm {...props}>
      <input type="hidden" name="decision" value="deny" />
      <fieldset class="choices">
        <legend>Deny with a ready answer</legend>
        {options.map(([name, words]) => (
          <button class="danger" type="submit" name="option" value={name} title={inWords(name)}>
            <span dir="auto">{visible(words)}</span>
          </button>
        ))}
      </fieldset>
    </DecisionForm>
  );

const OwnWordsForm = ({ label, ...props }: FormProps & { label: string }) => (
  <DecisionForm {...props}>
    <label class="stack">
      <span>{label}</span>
      <textarea
        id="deny"
        name="feedback"
        rows={2}
        required
        data-key="d"
        placeholder="The agent reads this and proposes again"
      >
        {props.typed?.["feedback"] ?? ""}
      </textarea>
    </label>
    <button class="danger" type="submit" name="decision" value="deny">
      Deny with feedback
    </button>
  </DecisionForm>
);

interface QuestionProps extends FormProps {
  readonly request: PendingQuestion;
  readonly mayNotRunAgain: string | null;
}

/** An answer in the form the agent asked for, or a decision to go on or stop. */
export const QuestionForms = (props: QuestionProps) => {
  switch (props.request.kind) {
    case "question":
      return <AnswerForm {...props} />;
    case "unknown_outcome":
      return <OutcomeForms {...props} />;
    case "escalation":
    case "budget":
    case "provider":
    case "version":
      return <GoOnForms {...props} />;
    default:
      return props.request.kind satisfies never;
  }
};

const AnswerForm = (props: FormProps & { request: PendingQuestion }) => {
  const { format, choices } = props.request.options ?? {};
  const offered = format === "yes_no" ? ["yes", "no"] : format === "multiple_choice" ? (choices ?? []) : [];
  if (offered.length > 0) {
    return (
      <DecisionForm {...props}>
        <fieldset class="choices">
          <legend>{format === "yes_no" ? "Yes or no?" : "Choose one"}</legend>
          {offered.map((choice, index) => (
            <label class="choice">
              <input
                type="radio"
                name="text"
                value={choice}
                required
                {...(index === 0 ? { "data-key": "a" } : {})}
              />
              <span dir="auto">{format === "yes_no" ? inWords(choice) : visible(choice)}</span>
            </label>
          ))}
        </fieldset>
        <button class="primary" type="submit" name="decision" value="answer">
          Answer
        </button>
      </DecisionForm>
    );
  }
  return (
    <DecisionForm {...props}>
      <label class="stack">
        <span>Your answer</span>
        <textarea name="text" rows={3} required data-key="a">
          {props.typed?.["text"] ?? ""}
        </textarea>
      </label>
      <button class="primary" type="submit" name="decision" value="answer">
        Answer
      </button>
    </DecisionForm>
  );
};

const OutcomeForms = (props: QuestionProps) => (
  <div class="decisions">
    <DecisionForm {...props}>
      <label class="stack">
        <span>It happened. What was the result?</span>
        <textarea name="result" rows={2} data-key="a" placeholder="Text, or JSON. Empty: no result">
          {props.typed?.["result"] ?? ""}
        </textarea>
      </label>
      <button class="primary" type="submit" name="decision" value="happened">
        It happened
      </button>
    </DecisionForm>
    {props.mayNotRunAgain === null ? (
      <DecisionForm {...props}>
        <p class="hint">Only when you are sure: the call runs again under the same key.</p>
        <button type="submit" name="decision" value="did_not_happen">
          It did not happen: run it
        </button>
      </DecisionForm>
    ) : (
      <p class="hint words">
        If it did not happen, somebody else must have it run again. {props.mayNotRunAgain}
      </p>
    )}
    <DecisionForm {...props}>
      <label class="stack">
        <span>Or give up this call, and tell the agent why</span>
        <textarea name="feedback" rows={2} required data-key="d">
          {props.typed?.["feedback"] ?? ""}
        </textarea>
      </label>
      <button class="danger" type="submit" name="decision" value="give_up">
        Give up
      </button>
    </DecisionForm>
  </div>
);

const GoOnForms = (props: FormProps & { request: PendingQuestion }) => (
  <div class="decisions">
    <DecisionForm {...props}>
      {props.request.kind === "version" ? null : (
        <label class="stack">
          <span>Guidance for the agent (may be empty)</span>
          <textarea name="text" rows={2} data-key="a">
            {props.typed?.["text"] ?? ""}
          </textarea>
        </label>
      )}
      <button class="primary" type="submit" name="decision" value="go_on">
        {props.request.kind === "version" ? "Go on with the new version" : "Go on"}
      </button>
    </DecisionForm>
    <DecisionForm {...props}>
      <label class="stack">
        <span>Or stop the thread. Why?</span>
        <textarea name="feedback" rows={2} required data-key="d">
          {props.typed?.["feedback"] ?? ""}
        </textarea>
      </label>
      <button class="danger" type="submit" name="decision" value="stop">
        Stop
      </button>
    </DecisionForm>
  </div>
);
