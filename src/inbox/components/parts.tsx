import type { HumanRequest, Urgency } from "../../humans/request.ts";
import { clip, visible } from "../../present/visible-text.ts";
import type { StatusKind } from "../../thread/state.ts";
import { paths } from "../paths.ts";
import type { Label, RequestView } from "../views/request-view.ts";
import { STATUS_WORDS } from "../views/thread-view.ts";

export const StatusPill = ({ kind }: { kind: StatusKind }) => (
  <span class={`pill tone-${STATUS_WORDS[kind].tone}`} data-status={kind}>
    <span class="dot" aria-hidden="true"></span>
    {STATUS_WORDS[kind].text}
  </span>
);

export const Labels = ({ labels }: { labels: readonly Label[] }) => (
  <ul class="labels" aria-label="Labels">
    {labels.map(({ text, meaning, tone }) => (
      <li class={`label label-${tone}`} title={meaning}>
        {text}
      </li>
    ))}
  </ul>
);

const URGENCY_WORDS: { readonly [U in Urgency]: string } = {
  high: "Urgent",
  medium: "Normal",
  low: "Can wait",
};

/** Normal urgency is only said to those who cannot see that nothing is said. */
export const UrgencyMark = ({ urgency }: { urgency: Urgency }) => (
  <span class={urgency === "medium" ? "visually-hidden" : `urgency urgency-${urgency}`}>
    {URGENCY_WORDS[urgency]}
  </span>
);

/** Shown if there is nothing to list. */
export const Empty = ({ title, text }: { title: string; text: string }) => (
  <div class="empty">
    <p class="empty-title">{title}</p>
    <p>{text}</p>
  </div>
);

/** The request to go on with, by a key. */
export const Next = ({ next }: { next: RequestView | null }) =>
  next === null ? null : (
    <p class="next">
      <a class="button primary" href={paths.request(next.id)} data-key="n" dir="auto">
        Next: {clip(next.title, 80)}
      </a>{" "}
      <span class="hint">
        key <kbd>n</kbd>
      </span>
    </p>
  );

export const AgentName = ({ name }: { name: string }) => (
  <span class="agent">
    <bdi>{name}</bdi>
  </span>
);

/** The way down to a request of a thread that works for others. */
export const Way = (props: {
  readonly request: Pick<HumanRequest, "path" | "agent">;
  readonly linked: boolean;
}) => {
  const { path, agent } = props.request;
  if (path.length === 0) return null;
  return (
    <p class="row-goal">
      for{" "}
      {path.map((above) => (
        <>
          {props.linked ? (
            <a href={paths.thread(above.threadId)}>{visible(above.agent)}</a>
          ) : (
            visible(above.agent)
          )}{" "}
          →{" "}
        </>
      ))}
      {visible(agent)}
    </p>
  );
};
