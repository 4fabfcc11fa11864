import type { Urgency } from "../../humans/request.ts";
import type { StatusKind } from "../../thread/state.ts";
import type { Label } from "../views/request-view.ts";
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

export const AgentName = ({ name }: { name: string }) => (
  <span class="agent">
    <bdi>{name}</bdi>
  </span>
);
