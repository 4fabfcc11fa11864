import { countOf } from "../../present/visible-text.ts";
import { AgentSelect } from "../components/filter.tsx";
import { type Frame, Layout } from "../components/layout.tsx";
import { Empty } from "../components/parts.tsx";
import { paths } from "../paths.ts";
import type { Approvals, Figures } from "../views/figures.ts";
import { duration } from "../views/time.ts";

interface FiguresProps {
  readonly frame: Frame;
  /** By agent, and together last. */
  readonly byAgent: readonly (readonly [agent: string, figures: Figures])[];
  readonly all: Figures;
  readonly agent: string;
  readonly agents: readonly string[];
  /** How many of the latest threads are counted at most. */
  readonly limit: number;
  readonly isAll: boolean;
}

/** What the latest threads took: tokens, money, time of people, and what people said no to. */
export const FiguresPage = ({ frame, byAgent, all, agent, agents, limit, isAll }: FiguresProps) => (
  <Layout frame={frame} title="Figures" section="figures">
    <div class="page-head">
      <h1>Figures</h1>
      <p class="sub">
        {isAll
          ? `All ${countOf(all.threads, "thread")}.`
          : `The ${limit.toLocaleString("en-US")} threads that changed last.`}
      </p>
    </div>
    <search>
      <form class="filter" method="get" action={paths.figures}>
        <AgentSelect agents={agents} agent={agent} />
        <button type="submit">Filter</button>
      </form>
    </search>
    {all.threads === 0 ? (
      <Empty title="No threads." text="Figures appear with the first one." />
    ) : (
      <>
        <Costs byAgent={byAgent} all={all} />
        <Decisions approvals={all.approvals} />
      </>
    )}
  </Layout>
);

const number = (value: number) => value.toLocaleString("en-US");
const money = (value: number | null) =>
  value === null ? "–" : value.toLocaleString("en-US", { maximumFractionDigits: 4 });

const Costs = ({ byAgent, all }: Pick<FiguresProps, "byAgent" | "all">) => (
  <section class="panel">
    <h2>What threads took</h2>
    <section class="scroll" tabindex={0} aria-label="What threads took">
      <table class="figures">
        <thead>
          <tr>
            <th scope="col">Agent</th>
            <th scope="col">Threads</th>
            <th scope="col">Steps</th>
            <th scope="col">Errors</th>
            <th scope="col">Tokens in</th>
            <th scope="col">cached</th>
            <th scope="col">Tokens out</th>
            <th scope="col">Money</th>
            <th scope="col">Working</th>
            <th scope="col">Waiting for people</th>
            <th scope="col">Median wait</th>
          </tr>
        </thead>
        <tbody>
          {[...byAgent, ...(byAgent.length > 1 ? ([["Together", all]] as const) : [])].map(
            ([name, figures]) => (
              <tr>
                <th scope="row">{name}</th>
                <td data-name="Threads">{number(figures.threads)}</td>
                <td data-name="Steps">{number(figures.steps)}</td>
                <td data-name="Errors">{number(figures.errors)}</td>
                <td data-name="Tokens in">{number(figures.inputTokens)}</td>
                <td data-name="Tokens in, cached">{number(figures.cachedInputTokens)}</td>
                <td data-name="Tokens out">{number(figures.outputTokens)}</td>
                <td data-name="Money">{money(figures.cost)}</td>
                <td data-name="Working">{duration(figures.runningMs)}</td>
                <td data-name="Waiting for people">
                  {figures.waits === 0 ? "–" : duration(figures.waitedMs)}
                </td>
                <td data-name="Median wait">{figures.waits === 0 ? "–" : duration(figures.medianWaitMs)}</td>
              </tr>
            ),
          )}
        </tbody>
      </table>
    </section>
    {all.openWaits > 0 && (
      <p class="hint">
        {countOf(all.openWaits, "request")} still {all.openWaits === 1 ? "waits" : "wait"}: that counts until
        now.
      </p>
    )}
    {all.cost === null && <p class="hint">Money is counted for agents whose budget has prices.</p>}
  </section>
);

const Decisions = ({ approvals }: { approvals: Figures["approvals"] }) => {
  const rows = Object.entries(approvals).sort(
    ([, one], [, other]) => other.denied - one.denied || other.asked - one.asked,
  );
  if (rows.length === 0) return null;
  return (
    <section class="panel">
      <h2>What people decided, by step</h2>
      <ul class="bars">
        {rows.map(([intent, counts]) => (
          <li>
            <p>
              <strong>{intent}</strong> <span class="hint">{decisionsInWords(counts)}</span>
            </p>
            <Bar counts={counts} />
          </li>
        ))}
      </ul>
    </section>
  );
};

function decisionsInWords({ asked, approved, edited, denied, expired }: Approvals): string {
  const parts = [
    `asked ${number(asked)}`,
    ...(approved > 0 ? [`approved ${number(approved)}`] : []),
    ...(edited > 0 ? [`changed ${number(edited)}`] : []),
    ...(denied > 0 ? [`denied ${number(denied)}`] : []),
    ...(expired > 0 ? [`expired ${number(expired)}`] : []),
  ];
  return parts.join(" · ");
}

const PARTS = ["approved", "edited", "denied", "expired"] as const;

/** The decisions side by side; the numbers stand beside it in words. */
const Bar = ({ counts }: { counts: Approvals }) => {
  const total = Math.max(1, counts.asked, counts.approved + counts.edited + counts.denied + counts.expired);
  let x = 0;
  return (
    <svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
      <rect class="bar-rest" x="0" y="0" width="100" height="6" />
      {PARTS.map((part) => {
        const width = (counts[part] / total) * 100;
        const at = x;
        x += width;
        return width === 0 ? null : <rect class={`bar-${part}`} x={at} y="0" width={width} height="6" />;
      })}
    </svg>
  );
};
