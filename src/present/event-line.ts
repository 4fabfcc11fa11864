import type { Colors } from "picocolors/types.js";
import type { ThreadEvent } from "../thread/events.ts";
import { safeFields, safeLine, safeText, safeValue } from "./visible-text.ts";

/** One event as a person reads it, in one or a few lines; `undefined` for pure bookkeeping. */
export function eventLine(event: ThreadEvent, c: Colors): string | undefined {
  switch (event.type) {
    case "thread_started": {
      const { agent, forkedFrom } = event.data;
      const from =
        forkedFrom === undefined ? "" : `, forked from ${forkedFrom.threadId} at ${forkedFrom.seq}`;
      return c.dim(`○ ${safeLine(agent)}${from}`);
    }
    case "message_received":
      return `${c.cyan("▸")} ${c.dim(`${safeLine(event.data.from.name ?? event.data.from.id)}:`)} ${indented(event.data.text)}`;
    case "event_received":
      return `${c.cyan("▸")} ${safeLine(event.data.name)} ${c.dim(`from ${safeLine(event.data.source)}`)} ${safeValue(event.data.payload)}`;
    case "step_proposed": {
      const { step, fidelity } = event.data;
      const { intent, ...fields } = step;
      const doubts =
        fidelity.grade === "exact"
          ? ""
          : c.yellow(
              ` [${fidelity.grade}: ${fidelity.reasons.map((reason) => safeLine(reason)).join(", ")}]`,
            );
      return `${c.blue("→")} ${c.bold(safeLine(intent))} ${safeFields(fields)}${doubts}`;
    }
    case "step_refused":
      return `${c.yellow("✗")} ${c.yellow(`refused (${event.data.reason})`)} ${safeLine(event.data.message, 400)}`;
    case "steps_dropped":
      return `${c.yellow("✗")} ${event.data.steps.length} more not run: ${safeLine(event.data.reason)}`;
    case "step_judged":
      return `${c.magenta("⚖")} judge: ${event.data.verdict} ${c.dim(safeLine(event.data.reason))}`;
    case "human_asked":
      return `${c.magenta("?")} ${indented(event.data.question)}`;
    case "approval_requested":
      return `${c.magenta("?")} approval needed: ${c.bold(safeLine(event.data.card.intent))} ${safeFields(event.data.card.arguments)}`;
    case "notified":
      return event.data.text === undefined
        ? c.dim(
            `  told over ${safeLine(event.data.channel)}${event.data.ok ? "" : " (failed, tried again later)"}`,
          )
        : `${c.cyan("ℹ")} ${indented(event.data.text)}`;
    case "human_responded":
      return `${c.cyan("▸")} ${c.dim(`${safeLine(event.data.by.name ?? event.data.by.id)}:`)} ${decision(event.data.decision)}`;
    case "request_escalated":
      return `${c.magenta("?")} escalated to ${event.data.to.map((who) => safeLine(who)).join(", ")}`;
    case "request_expired":
      return `${c.yellow("✗")} the request expired: ${event.data.outcome === "deny" ? "denied" : "asked again"}`;
    case "tool_started":
      return event.data.attempt === 1 ? undefined : c.dim(`  attempt ${event.data.attempt}`);
    case "tool_finished":
      return `${c.green("=")} ${safeValue(event.data.result, 400)}`;
    case "tool_failed":
      return `${c.red("✗")} ${safeLine(`${event.data.error.name}: ${event.data.error.message}`, 400)}`;
    case "tool_unknown":
      return `${c.red("!")} the outcome is unknown: ${safeLine(event.data.reason)}`;
    case "sleep_started":
      return `${c.dim("…")} asleep until ${event.data.until}`;
    case "event_awaited":
      return `${c.dim("…")} waiting for ${safeLine(event.data.name)}${event.data.until === undefined ? "" : ` until ${event.data.until}`}`;
    case "woke":
      return `${c.dim("…")} ${event.data.timedOut ? "waited in vain" : "awake"}`;
    case "child_started":
      return `${c.blue("→")} ${safeLine(event.data.agent)} in ${event.data.threadId}`;
    case "child_finished":
      return `${c.green("=")} ${safeValue(event.data.result, 400)}`;
    case "prefetched": {
      const { name, arguments: given, outcome } = event.data;
      return outcome.kind === "result"
        ? `${c.dim("↓")} ${safeLine(name)} ${safeFields(given)} ${c.green("=")} ${safeValue(outcome.result, 400)}`
        : `${c.dim("↓")} ${safeLine(name)} ${c.red("✗")} ${safeLine(`${outcome.error.name}: ${outcome.error.message}`, 400)}`;
    }
    case "context_compacted":
      return c.dim(
        `  events ${event.data.from}–${event.data.to} left out of the context (${event.data.method})`,
      );
    case "paused":
      return `${c.yellow("‖")} paused by ${safeLine(event.data.by.id)}${reason(event.data.reason)}`;
    case "resumed":
      return `${c.green("▶")} resumed by ${safeLine(event.data.by.id)}`;
    case "budget_reached":
      return `${c.yellow("!")} budget of ${event.data.limit} ${event.data.budget} reached (${event.data.used})`;
    case "cancelled":
      return `${c.red("■")} cancelled by ${safeLine(event.data.by.id)}${reason(event.data.reason)}`;
    case "finished":
      return `${c.green("✓")} ${indented(typeof event.data.result === "string" ? event.data.result : JSON.stringify(event.data.result))}`;
    case "failed":
      return `${c.red("■")} ${safeLine(`${event.data.error.name}: ${event.data.error.message}`, 400)}`;
    case "data_erased":
      return c.dim(
        `  content of events ${event.data.seqs.join(", ")} erased: ${safeLine(event.data.reason)}`,
      );
    default:
      return event satisfies never;
  }
}

function indented(text: string): string {
  return safeText(text).trimEnd().replace(/\n/g, "\n  ");
}

function reason(text: string | undefined): string {
  return text === undefined ? "" : `: ${safeLine(text)}`;
}

function decision(given: Extract<ThreadEvent, { type: "human_responded" }>["data"]["decision"]): string {
  switch (given.kind) {
    case "approved": {
      if (given.editedStep === undefined) return "approved";
      const { intent, ...fields } = given.editedStep;
      return `approved with changes: ${safeLine(intent)} ${safeFields(fields)}`;
    }
    case "denied":
      return given.feedback === "" ? "denied" : `denied: ${indented(given.feedback)}`;
    case "answered":
      return indented(given.text);
    case "happened":
      return `it happened: ${safeValue(given.result)}`;
    case "did_not_happen":
      return "it did not happen: run it";
    default:
      return given satisfies never;
  }
}
