import type { ThreadId } from "../../base/ids.ts";
import { isJsonObject } from "../../base/json.ts";
import { errorText } from "../../context/blocks/errors.ts";
import { clip, countOf, visible } from "../../present/visible-text.ts";
import type { Thread } from "../../thread/thread.ts";
import { paths } from "../paths.ts";
import { gistOf, headingOf, outcomeGistOf, type TimelineGroup, tookOf } from "../views/groups.ts";
import { duration, fullTime, timeOfDay } from "../views/time.ts";
import type { TimelineItem } from "../views/timeline.ts";
import { Csrf } from "./layout.tsx";
import { CompactFields, Value, Words } from "./text.tsx";

interface Shared {
  readonly threadId: ThreadId;
  /** Whether forking and leaving out are offered; the page then has an `EventForm`. */
  readonly acts: boolean;
  /** Shown within another thread: its entries have no addresses of their own. */
  readonly inline?: boolean;
}

/** One entry of the timeline, or a run of equal ones under one line. */
export const TimelineGroupEntry = ({ group, ...shared }: Shared & { readonly group: TimelineGroup }) => {
  const id = shared.inline === true ? undefined : `group-${group.seq}`;
  const [item] = group.items;
  if (group.items.length === 1 && item !== undefined) {
    return (
      <li class="group" id={id}>
        <Entry item={item} {...shared} />
      </li>
    );
  }
  const took = group.items.reduce((sum, one) => sum + tookOf(one), 0);
  return (
    <li class="group" id={id}>
      <details class={`run tone-${item?.tone ?? "neutral"}`} data-keep={id}>
        <summary>
          <span class="entry-dot" aria-hidden="true"></span>
          <h3 dir="auto">{headingOf(group)}</h3>
          <span class="gist" dir="auto">
            {clip(group.items.map(gistOf).join(", "), 160)}
          </span>
          <Took ms={took} />
          {item !== undefined && <Clock at={item.at} />}
        </summary>
        <ol>
          {group.items.map((one) => (
            <li>
              <Entry item={one} {...shared} />
            </li>
          ))}
        </ol>
      </details>
    </li>
  );
};

/** The timeline of a thread within another one's. */
export const InlineTimeline = (props: {
  readonly thread: Thread;
  readonly groups: readonly TimelineGroup[];
}) => (
  <ol class="timeline" aria-label={`Timeline of ${props.thread.id}`}>
    {props.groups.map((group) => (
      <TimelineGroupEntry group={group} threadId={props.thread.id} acts={false} inline />
    ))}
  </ol>
);

const Took = ({ ms }: { ms: number }) => (ms < 1 ? null : <span class="took">{duration(ms)}</span>);

/** The time of day; the page says the zone, and scripts make it the one that the reader is in. */
const Clock = ({ at }: { at: string }) => (
  <time class="entry-time" datetime={at} title={fullTime(at)} data-clock>
    {timeOfDay(at)}
  </time>
);

/** One line for an item; all of it on demand. */
const Entry = ({ item, ...shared }: Shared & { readonly item: TimelineItem }) => {
  const id = shared.inline === true ? undefined : `entry-${item.seq}`;
  const outcome = outcomeGistOf(item);
  return (
    <details class={`entry tone-${item.tone}`} id={id} data-keep={id} data-seq={item.lastSeq}>
      <summary>
        <span class="entry-dot" aria-hidden="true"></span>
        <h3 dir="auto">{item.heading}</h3>
        {item.fidelity?.grade === "doubtful" && (
          <span class="label label-bad" title={visible(item.fidelity.reasons.join(", "))}>
            unclear
          </span>
        )}
        <span class="gist" dir="auto">
          {gistOf(item)}
          {outcome !== "" && <span class="gist-outcome"> → {outcome}</span>}
        </span>
        <Took ms={tookOf(item)} />
        <Clock at={item.at} />
      </summary>
      <EntryBody item={item} {...shared} />
    </details>
  );
};

const EntryBody = ({ item, ...shared }: Shared & { readonly item: TimelineItem }) => (
  <div class="entry-body">
    {item.text !== undefined && <Words text={item.text} />}
    {item.fields !== undefined && Object.keys(item.fields).length > 0 && (
      <CompactFields fields={item.fields} />
    )}
    {item.marks.length > 0 && (
      <ul class="marks">
        {item.marks.map((mark) => (
          <li class={`tone-${mark.tone}`} id={shared.inline === true ? undefined : `entry-${mark.seq}`}>
            <span class="words">{mark.text}</span>
          </li>
        ))}
      </ul>
    )}
    {item.child !== undefined && <Child {...item.child} />}
    {item.result !== undefined && (
      <div class="outcome">
        <span class="outcome-name">{item.result === null ? "Done" : "Result"}</span>
        {item.result !== null &&
          (isJsonObject(item.result) ? (
            <CompactFields fields={item.result} />
          ) : (
            <Value value={item.result} />
          ))}
      </div>
    )}
    {item.error !== undefined && (
      <div class="outcome outcome-bad">
        <span class="outcome-name">Error</span>
        <Words text={errorText(item.error)} />
      </div>
    )}
    <EntryTools item={item} {...shared} />
  </div>
);

const EntryTools = ({ item, threadId, acts, inline }: Shared & { readonly item: TimelineItem }) => (
  <div class="entry-tools">
    {item.byModel && <a href={paths.step(threadId, item.seq)}>What the model saw</a>}
    {item.completion?.usage != null && (
      <span class="entry-tokens">
        {countOf(item.completion.usage.inputTokens, "token")} in, {item.completion.usage.outputTokens} out
      </span>
    )}
    {inline !== true && <a href={`#entry-${item.seq}`}>Event {item.seq}</a>}
    {acts && item.lastSeq > 1 && (
      <EventButton threadId={threadId} seq={item.lastSeq} action="fork">
        Fork from here
      </EventButton>
    )}
    {acts && item.isRead && (
      <EventButton
        threadId={threadId}
        seq={item.seq}
        action="leave-out"
        title="The model does not read it any more; the log keeps it"
      >
        Leave out from here
      </EventButton>
    )}
  </div>
);

/** Another agent's thread, opened in place; without scripts its own page. */
const Child = ({ threadId, agent }: { readonly threadId: ThreadId; readonly agent: string }) => (
  <details
    class="child"
    data-keep={`child-${threadId}`}
    hx-get={paths.inline(threadId)}
    hx-trigger="toggle once"
    hx-target={`#child-${threadId}`}
    hx-swap="innerHTML"
  >
    <summary>What {visible(agent)} does for it</summary>
    <p class="hint">
      <a href={paths.thread(threadId)}>Its own page</a>
    </p>
    <div id={`child-${threadId}`} class="child-body"></div>
  </details>
);

interface EventButtonProps {
  readonly threadId: ThreadId;
  readonly seq: number;
  readonly action: "fork" | "leave-out";
  readonly title?: string | undefined;
  /** What it says, and does. */
  readonly children: string;
}

const EVENT_FORM = "event-form";

/** The one form that the buttons of all entries send. */
export const EventForm = ({ csrf }: { csrf: string }) => (
  <form method="post" id={EVENT_FORM}>
    <Csrf token={csrf} />
  </form>
);

/** A button that acts from one event on. */
const EventButton = ({ threadId, seq, action, title, children }: EventButtonProps) => (
  <button
    class="link"
    type="submit"
    form={EVENT_FORM}
    formaction={paths.threadAction(threadId, action)}
    name="seq"
    value={String(seq)}
    title={title}
    aria-label={`${children}, event ${seq}`}
  >
    {children}
  </button>
);

/** The model's answer as far as it has come. To be read, never acted on. */
export const Partial = ({ partial }: { partial: unknown }) => (
  <div class="partial" aria-live="off">
    <span class="outcome-name">Writing</span>
    <pre class="value-text">{visible(JSON.stringify(partial, null, 2) ?? "")}</pre>
  </div>
);
