import type { CompletionRecord, Fidelity } from "../../base/completion.ts";
import { countOf, visible } from "../../present/visible-text.ts";
import type { Thread } from "../../thread/thread.ts";
import { type Frame, Layout } from "../components/layout.tsx";
import { AgentName } from "../components/parts.tsx";
import { paths } from "../paths.ts";

export interface StepView {
  readonly seq: number;
  readonly heading: string;
  readonly completion: CompletionRecord;
  readonly fidelity: Fidelity | null;
  /** The thread as the model read it; `null`: this process does not know the agent. */
  readonly rendered: string | null;
  /** The decision as a BAML test; `null` if it cannot be one. */
  readonly test: string | null;
  readonly request: {
    readonly url: string;
    readonly body: string;
    /** Whether the request is byte for byte the one that was sent. */
    readonly same: boolean;
  } | null;
}

/** What the model saw before a step, and what it wrote. */
export const StepPage = ({ frame, thread, step }: { frame: Frame; thread: Thread; step: StepView }) => (
  <Layout frame={frame} title={`What the model saw: ${step.heading}`} section="threads">
    <p class="crumbs">
      <a href={paths.threads}>Threads</a> <span aria-hidden="true">/</span>{" "}
      <a href={`${paths.thread(thread.id)}#entry-${step.seq}`}>
        {visible(thread.state.subject || thread.state.title)}
      </a>
    </p>
    <header class="page-head">
      <h1>What the model saw</h1>
      <p class="sub">
        Before event {step.seq}, <bdi>{step.heading}</bdi>. <AgentName name={thread.state.agent} />
      </p>
    </header>
    <section class="panel">
      <h2>The thread, as it was rendered</h2>
      {step.rendered === null ? (
        <p>This server does not run the agent, so it cannot render the thread as the agent would.</p>
      ) : (
        <pre class="code-block" tabindex={0}>
          {visible(step.rendered)}
        </pre>
      )}
    </section>
    <section class="panel">
      <h2>What it answered</h2>
      <pre class="code-block" tabindex={0}>
        {visible(step.completion.raw)}
      </pre>
      <Facts step={step} />
    </section>
    {step.test !== null && (
      <section class="panel">
        <h2>As a test</h2>
        <p class="hint">
          <code>{`npx twelvefold test-from ${thread.id} --at ${step.seq}`}</code> adds it to the BAML tests of
          the project.
        </p>
        <details>
          <summary>The test</summary>
          <pre class="code-block" tabindex={0}>
            {visible(step.test)}
          </pre>
        </details>
      </section>
    )}
    {step.request !== null && (
      <section class="panel">
        <h2>The whole request</h2>
        <p class="hint">
          {step.request.same
            ? "Byte for byte what was sent: its digest is the one that was recorded."
            : "The prompt, the model or the settings are others now; this is the request as it would be sent today."}
        </p>
        <details>
          <summary>{visible(step.request.url)}</summary>
          <pre class="code-block" tabindex={0}>
            {visible(step.request.body)}
          </pre>
        </details>
      </section>
    )}
  </Layout>
);

const Facts = ({ step: { completion, fidelity } }: { step: StepView }) => (
  <ul class="facts-line">
    <li>{visible(completion.client)}</li>
    {completion.usage !== null && (
      <li>
        {countOf(completion.usage.inputTokens, "token")} in, {countOf(completion.usage.outputTokens, "token")}{" "}
        out
      </li>
    )}
    <li>{completion.durationMs.toLocaleString("en-US")} ms</li>
    {fidelity !== null && (
      <li>
        parsed {fidelity.grade}
        {fidelity.reasons.length > 0 && <>: {visible(fidelity.reasons.join(", "))}</>}
      </li>
    )}
    {(completion.failedAttempts ?? []).map((failed) => (
      <li>{visible(failed)}</li>
    ))}
  </ul>
);
