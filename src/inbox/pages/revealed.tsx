import type { ThreadId } from "../../base/ids.ts";
import type { Json } from "../../base/json.ts";
import { visible } from "../../present/visible-text.ts";
import { Csrf, type Frame, Layout } from "../components/layout.tsx";
import { Value } from "../components/text.tsx";
import { paths } from "../paths.ts";

interface HiddenProps {
  readonly threadId: ThreadId;
  /** The placeholders behind which there is a value. */
  readonly hidden: readonly string[];
  readonly csrf: string;
}

/** What is hidden in a thread, for those who may see it one by one. */
export const HiddenValues = ({ threadId, hidden, csrf }: HiddenProps) =>
  hidden.length === 0 ? null : (
    <section class="panel" data-card="hidden">
      <h2>Hidden values</h2>
      <ul class="hidden-values">
        {hidden.map((placeholder) => (
          <li>
            <code>{visible(placeholder)}</code>
            <form method="post" action={paths.threadAction(threadId, "reveal")} class="inline">
              <Csrf token={csrf} />
              <button
                class="link"
                type="submit"
                name="placeholder"
                value={placeholder}
                aria-label={`Show ${placeholder}`}
              >
                Show
              </button>
            </form>
          </li>
        ))}
      </ul>
      <p class="hint">The thread records who was shown which.</p>
    </section>
  );

interface RevealedProps {
  readonly frame: Frame;
  readonly threadId: ThreadId;
  readonly placeholder: string;
  readonly value: Json;
}

/** One hidden value, shown once: the page is kept nowhere. */
export const RevealedPage = ({ frame, threadId, placeholder, value }: RevealedProps) => (
  <Layout frame={frame} title="A hidden value" section="threads">
    <article class="problem">
      <h1>
        <code>{visible(placeholder)}</code>
      </h1>
      <section class="panel" id="revealed">
        <Value value={value} />
      </section>
      <p class="hint">The thread has recorded that you were shown this.</p>
      <p class="buttons">
        <a class="button primary" href={paths.thread(threadId)} data-item>
          Back to the thread
        </a>
      </p>
    </article>
  </Layout>
);
