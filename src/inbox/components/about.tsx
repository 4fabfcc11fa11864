import type { ThreadId } from "../../base/ids.ts";
import { isJsonObject, type JsonObject } from "../../base/json.ts";
import type { People } from "../../humans/people.ts";
import { countOf, inWords, visible, visibleLine, visibleValue } from "../../present/visible-text.ts";
import { personInWords } from "../../present/who-decides.ts";
import { paths } from "../paths.ts";
import type { About, AboutMessage, BeginningEvent } from "../views/about.ts";
import type { Attempt, Evidence, Expense } from "../views/evidence.ts";
import { duration } from "../views/time.ts";
import { Ago, Fields, Value, Words } from "./text.tsx";

interface AboutProps {
  readonly about: About;
  readonly people: People;
  readonly now: number;
  /** Where the whole thread is; `null`: this session may not see it. */
  readonly threadId: ThreadId | null;
}

/** What the thread is about: the event that began it, and what people have written. */
export const AboutPanel = ({ about, people, now, threadId }: AboutProps) => {
  const { event, first, latest } = about;
  if (event === null && latest === null) return null;
  return (
    <section class="panel about" data-card="about">
      <h2>What it is about</h2>
      {event !== null && <Beginning event={event} people={people} now={now} />}
      {first !== null && <Message message={first} people={people} now={now} />}
      {latest !== null && <Message message={latest} people={people} now={now} />}
      {threadId !== null && (
        <p class="hint">
          <a href={paths.thread(threadId)}>See the whole thread</a>
        </p>
      )}
    </section>
  );
};

const Beginning = ({ event, people, now }: { event: BeginningEvent; people: People; now: number }) => (
  <div class="about-part">
    <p class="hint">
      {visibleLine(event.name)} from {visibleLine(event.source)}
      {event.from !== null && <>, sent by {personInWords(event.from, people)}</>},{" "}
      <Ago at={event.at} now={now} />
      {event.untrusted !== null && <span class="label label-bad">from outside</span>}
    </p>
    {isJsonObject(event.body) ? <Fields fields={event.body} /> : <Value value={event.body} />}
  </div>
);

const MAX_MESSAGE = 2_000;

const Message = ({ message, people, now }: { message: AboutMessage; people: People; now: number }) => {
  const more = message.text.length - MAX_MESSAGE;
  return (
    <div class="about-part">
      <p class="hint">
        {personInWords(message.from, people)}, <Ago at={message.at} now={now} />
      </p>
      <Words text={message.text.slice(0, MAX_MESSAGE)} />
      {more > 0 && <p class="hint">… {countOf(more, "more character")} in the thread</p>}
    </div>
  );
};

/** What led to the question: the attempts that failed, or what the budget went on. */
export const EvidencePanel = ({ evidence, now }: { evidence: Evidence; now: number }) => {
  switch (evidence.kind) {
    case "attempts":
      return <Attempts {...evidence} now={now} />;
    case "expenses":
      return <Expenses {...evidence} />;
    default:
      return evidence satisfies never;
  }
};

const Attempts = (props: Extract<Evidence, { kind: "attempts" }> & { now: number }) => {
  const earlier = props.count - props.latest.length;
  return (
    <section class="panel" data-card="evidence">
      <h2>What was tried</h2>
      <ol class="attempts">
        {earlier > 0 && <li class="hint">{countOf(earlier, "earlier attempt")} in the thread</li>}
        {props.latest.map((attempt) => (
          <li>
            <p>
              <strong>{attempt.what}</strong>{" "}
              <span class="hint">
                {visibleLine(argumentsInWords(attempt.arguments), 160)}{" "}
                <Ago at={attempt.at} now={props.now} />
              </span>
            </p>
            <AttemptOutcome outcome={attempt.outcome} />
          </li>
        ))}
      </ol>
    </section>
  );
};

function argumentsInWords(fields: JsonObject): string {
  return Object.entries(fields)
    .map(([name, value]) => `${inWords(name)} ${visibleValue(value)}`)
    .join(" · ");
}

const AttemptOutcome = ({ outcome }: { outcome: Attempt["outcome"] }) => {
  switch (outcome.kind) {
    case "error":
      return <Words text={`${outcome.error.name}: ${outcome.error.message}`} class="bad" />;
    case "refused":
      return <Words text={outcome.message} class="bad" />;
    case "result":
      return <Value value={outcome.result} />;
    default:
      return outcome satisfies never;
  }
};

const MAX_EXPENSES = 8;

const Expenses = (props: Extract<Evidence, { kind: "expenses" }>) => {
  const { budget, limit, used, expenses } = props;
  const withCost = expenses.some(({ cost }) => cost !== null);
  return (
    <section class="panel" data-card="evidence">
      <h2>
        What it went on: {used.toLocaleString("en-US")} of {limit.toLocaleString("en-US")}{" "}
        {budget === "time" ? "seconds" : visible(budget)}
      </h2>
      <table class="figures">
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">Times</th>
            <th scope="col">Tokens</th>
            <th scope="col">Time</th>
            {withCost && <th scope="col">Cost</th>}
          </tr>
        </thead>
        <tbody>
          {expenses.slice(0, MAX_EXPENSES).map((expense) => (
            <ExpenseRow expense={expense} withCost={withCost} />
          ))}
        </tbody>
      </table>
      {expenses.length > MAX_EXPENSES && (
        <p class="hint">{countOf(expenses.length - MAX_EXPENSES, "more kind")} of steps in the thread</p>
      )}
    </section>
  );
};

const ExpenseRow = ({ expense, withCost }: { expense: Expense; withCost: boolean }) => (
  <tr>
    <th scope="row">{expense.what}</th>
    <td data-name="Times">{expense.times.toLocaleString("en-US")}</td>
    <td data-name="Tokens">{expense.tokens.toLocaleString("en-US")}</td>
    <td data-name="Time">{duration(expense.ms)}</td>
    {withCost && (
      <td data-name="Cost">{(expense.cost ?? 0).toLocaleString("en-US", { maximumFractionDigits: 4 })}</td>
    )}
  </tr>
);
