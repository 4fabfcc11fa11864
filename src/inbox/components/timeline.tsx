import type { ThreadId } from "../../base/ids.ts";
import { isJsonObject } from "../../base/json.ts";
import { errorText } from "../../context/blocks/errors.ts";
import { countOf, visible } from "../../present/visible-text.ts";
import { paths } from "../paths.ts";
import { fullTime, timeOfDay } from "../views/time.ts";
import type { TimelineItem } from "../views/timeline.ts";
import { Csrf } from "./layout.tsx";
import { CompactFields, Value, Words } from "./text.tsx";

interface ItemProps {
  readonly item: TimelineItem;
  readonly threadId: ThreadId;
  /** Absent where forking is not offered. */
  readonly csrf: string | null;
}

/** One entry: the step, its arguments and its outcome; more on demand. */
export const TimelineEntry = ({ item, threadId, csrf }: ItemProps) => (
  <li class={`entry tone-${item.tone}`} id={`entry-${item.seq}`} data-seq={item.lastSeq}>
    <span class="entry-dot" aria-hidden="true"></span>
    <div class="entry-head">
      <h3 dir="auto">{item.heading}</h3>
      {item.fidelity !== undefined && item.fidelity.grade !== "exact" && (
        <span
          class={`label label-${item.fidelity.grade === "doubtful" ? "bad" : "warn"}`}
          title={visible(item.fidelity.reasons.join(", "))}
        >
          {item.fidelity.grade}
        </span>
      )}
      <a class="entry-time" href={`#entry-${item.seq}`} title={fullTime(item.at)}>
        <time datetime={item.at}>{timeOfDay(item.at)}</time>
      </a>
    </div>
    {item.text !== undefined && <Words text={item.text} />}
    {item.fields !== undefined && Object.keys(item.fields).length > 0 && (
      <CompactFields fields={item.fields} />
    )}
    {item.marks.length > 0 && (
      <ul class="marks">
        {item.marks.map((mark) => (
          <li class={`tone-${mark.tone}`}>
            <span class="words">{mark.text}</span>
          </li>
        ))}
      </ul>
    )}
    {item.result !== undefined && (
      <div class="outcome">
        <span class="outcome-name">Result</span>
        {isJsonObject(item.result) ? <CompactFields fields={item.result} /> : <Value value={item.result} />}
      </div>
    )}
    {item.error !== undefined && (
      <div class="outcome outcome-bad">
        <span class="outcome-name">Error</span>
        <Words text={errorText(item.error)} />
      </div>
    )}
    <div class="entry-tools">
      {item.byModel && <a href={paths.step(threadId, item.seq)}>What the model saw</a>}
      {item.completion?.usage != null && (
        <span class="entry-tokens">
          {countOf(item.completion.usage.inputTokens, "token")} in, {item.completion.usage.outputTokens} out
        </span>
      )}
      {csrf !== null && item.lastSeq > 1 && <ForkButton threadId={threadId} seq={item.lastSeq} csrf={csrf} />}
      {csrf !== null && item.isRead && <LeaveOutButton threadId={threadId} seq={item.seq} csrf={csrf} />}
    </div>
  </li>
);

const ForkButton = ({ threadId, seq, csrf }: { threadId: ThreadId; seq: number; csrf: string }) => (
  <form method="post" action={paths.threadAction(threadId, "fork")} class="inline">
    <Csrf token={csrf} />
    <button
      class="link"
      type="submit"
      name="seq"
      value={String(seq)}
      aria-label={`Fork from here, event ${seq}`}
    >
      Fork from here
    </button>
  </form>
);

const LeaveOutButton = ({ threadId, seq, csrf }: { threadId: ThreadId; seq: number; csrf: string }) => (
  <form method="post" action={paths.threadAction(threadId, "leave-out")} class="inline">
    <Csrf token={csrf} />
    <button
      class="link"
      type="submit"
      name="seq"
      value={String(seq)}
      title="The model does not read it any more; the log keeps it"
      aria-label={`Leave event ${seq} out from here`}
    >
      Leave out from here
    </button>
  </form>
);

/** The model's answer as far as it has come. To be read, never acted on. */
export const Partial = ({ partial }: { partial: unknown }) => (
  <div class="partial" aria-live="off">
    <span class="outcome-name">Writing</span>
    <pre class="value-text">{visible(JSON.stringify(partial, null, 2) ?? "")}</pre>
  </div>
);
