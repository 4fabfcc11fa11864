import type { JsonObject } from "../../base/json.ts";
import { describeReason } from "../../humans/approval-reasons.ts";
import { describeField } from "../../present/describe-field.ts";
import { fullNameOf } from "../../present/people.ts";
import { countOf, visible } from "../../present/visible-text.ts";
import type { ApprovalCard } from "../../thread/events.ts";
import type { PendingApproval } from "../../thread/state.ts";
import { paths } from "../paths.ts";
import type { RequestView } from "../views/request-view.ts";
import type { Frame } from "./layout.tsx";
import { Ago, Fields, Value, Words } from "./text.tsx";

/** The fields that are decided on, in large print, as they would run. */
export const Emphasis = ({ card }: { card: ApprovalCard }) => {
  const names = (card.emphasis ?? []).filter((name) => Object.hasOwn(card.arguments, name));
  if (names.length === 0) return null;
  return (
    <dl class="emphasis" data-card="emphasis">
      {names.map((name) => {
        const { label, unit } = describeField(name, card.descriptions?.[name]);
        const value = card.arguments[name] ?? null;
        return (
          <div>
            <dt>{label}</dt>
            <dd>
              <Value value={value} unit={unit} />
            </dd>
          </div>
        );
      })}
    </dl>
  );
};

/** A call with its arguments, described as the prompt describes them. */
export const Call = (props: {
  readonly heading: string;
  readonly call: {
    readonly intent: string;
    readonly arguments: JsonObject;
    readonly descriptions?: ApprovalCard["descriptions"];
  };
}) => (
  <section class="panel">
    <h2>
      {props.heading}: <code>{visible(props.call.intent)}</code>
    </h2>
    <Fields fields={props.call.arguments} descriptions={props.call.descriptions} />
  </section>
);

/** Why a person is asked, in sentences. */
export const Why = ({ card: { reasons } }: { card: ApprovalCard }) => {
  const told = reasons.filter((reason) => reason.kind !== "policy" || reason.because !== undefined);
  if (told.length === 0) return null;
  return (
    <section class="panel" data-card="why">
      <h2>Why you are asked</h2>
      {told.map((reason) => (
        <Words text={describeReason(reason).text} class={reason.kind === "policy" ? "" : "warning"} />
      ))}
    </section>
  );
};

/** The model's own words beside the step, as plain text, with a link to the rest if they are cut. */
export const Wrote = (props: {
  readonly frame: Frame;
  readonly view: RequestView;
  readonly asked: PendingApproval;
}) => {
  const { frame, view, asked } = props;
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
export const Newer = ({ card: { newer }, now }: { card: ApprovalCard; now: number }) => {
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
export const Failures = ({ failures, now }: { failures: ApprovalCard["failures"]; now: number }) => {
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
