import type { Agent } from "../../agent/agent.ts";
import { countOf, inWords, visible } from "../../present/visible-text.ts";
import { isIdempotent, isReadOnly } from "../../steps/permission.ts";
import { Csrf, type Frame, Layout, Once } from "../components/layout.tsx";
import { Empty, Labels } from "../components/parts.tsx";
import { paths, withQuery } from "../paths.ts";
import type { Label } from "../views/request-view.ts";

export const AgentsPage = ({ frame, agents }: { frame: Frame; agents: readonly Agent[] }) => (
  <Layout frame={frame} title="Agents" section="agents">
    <div class="page-head">
      <h1>Agents</h1>
      <p class="sub">What can be launched here.</p>
    </div>
    {agents.length === 0 ? (
      <Empty title="No agents." text="List them in twelvefold.config.ts." />
    ) : (
      <ul class="agent-grid">
        {agents.map((agent) => (
          <li class="panel">
            <h2>
              <a href={paths.agent(agent.name)} data-item>
                {agent.name}
              </a>
            </h2>
            <p>{agent.description}</p>
            <p class="hint">{countOf(agent.steps.size, "step")}</p>
          </li>
        ))}
      </ul>
    )}
  </Layout>
);

interface AgentProps {
  readonly frame: Frame;
  readonly agent: Agent;
  readonly source: { readonly file: string; readonly text: string } | null;
  readonly mayLaunch: boolean;
  readonly problem?: string;
  readonly typed?: string;
}

/** One agent: a form to launch it, what it can do, and the source of its prompt. */
export const AgentPage = ({ frame, agent, source, mayLaunch, problem, typed }: AgentProps) => (
  <Layout frame={frame} title={agent.name} section="agents">
    <p class="crumbs">
      <a href={paths.agents}>Agents</a>
    </p>
    <div class="page-head">
      <h1>{agent.name}</h1>
      <p class="sub">{agent.description}</p>
    </div>
    {mayLaunch && (
      <form class="panel launch" method="post" action={paths.launch(agent.name)}>
        <h2>Launch</h2>
        {problem !== undefined && (
          <p class="notice notice-bad" role="alert">
            {visible(problem)}
          </p>
        )}
        <Csrf token={frame.csrf} />
        <Once />
        <label class="stack">
          <span>What should it do?</span>
          <textarea name="message" rows={3} required data-key="a">
            {typed ?? ""}
          </textarea>
        </label>
        <button class="primary" type="submit">
          Launch {agent.name}
        </button>
      </form>
    )}
    <section class="panel">
      <h2>Steps</h2>
      <ul class="steps">
        {[...agent.steps].map(([intent, definition]) => (
          <li>
            <code>{intent}</code>
            <Labels labels={labelsOf(definition)} />
          </li>
        ))}
      </ul>
      <p class="hint">
        <a href={withQuery(paths.threads, { agent: agent.name })}>Threads of this agent</a>
      </p>
    </section>
    <section class="panel">
      <h2>Prompt</h2>
      <p class="hint">
        BAML function <code>{agent.nextStep.name}</code>, version <code>{agent.nextStep.version}</code>
        {source !== null && (
          <>
            , in <code>{source.file}</code>
          </>
        )}
      </p>
      {source === null ? (
        <p>Its source is not known to this server.</p>
      ) : (
        <pre class="code-block" tabindex={0}>
          {visible(source.text)}
        </pre>
      )}
    </section>
  </Layout>
);

type Definition = Agent["steps"] extends ReadonlyMap<string, infer D> ? D : never;

function labelsOf(definition: Definition): Label[] {
  const kind: Label = {
    text: inWords(definition.kind),
    meaning: "What code does with this step.",
    tone: "neutral",
  };
  const labels = [kind];
  if (definition.kind === "tool") {
    if (isReadOnly(definition))
      labels.push({ text: "Only reads", meaning: "It changes nothing.", tone: "good" });
    else labels.push({ text: "Changes something", meaning: "It has an effect outside.", tone: "warn" });
    if (!isReadOnly(definition) && isIdempotent(definition)) {
      labels.push({
        text: "Safe to repeat",
        meaning: "Running it again has no further effect.",
        tone: "neutral",
      });
    }
  }
  const { approval } = definition.options;
  if (approval === "always" || typeof approval === "object") {
    labels.push({ text: "Needs approval", meaning: "A person must agree every time.", tone: "warn" });
  } else if (typeof approval === "function") {
    labels.push({ text: "May need approval", meaning: "A rule decides from the arguments.", tone: "warn" });
  }
  return labels;
}
