import { isJsonObject, type Json, toJson } from "../base/json.ts";
import type { Principal, ThreadEvent } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";
import { threadGraph } from "./graph.ts";
import { escapeXml, toSvg } from "./graph-svg.ts";

/** The thread as JSON: its id and its events, from which everything else follows. `threadOf` reads it back. */
export function exportJson({ id, events }: Thread): string {
  return `${JSON.stringify({ threadId: id, events }, null, 2)}\n`;
}

/** One event in words. */
interface Told {
  readonly title: string;
  /** Shown as it is, in a box. */
  readonly body?: string;
}

/**
 * The thread as Markdown, for reading and for issues. What people, models and tools said stands in code blocks
 * that it cannot close.
 */
export function exportMarkdown(thread: Thread): string {
  const { id, state, events } = thread;
  const lines = [
    `# Thread ${id}`,
    "",
    `Agent ${inlineCode(state.agent)}, ${state.status.kind}, ${state.steps} steps, started ${state.startedAt}.`,
    "",
  ];
  for (const event of events) {
    const { title, body } = tell(event);
    lines.push(`## ${event.seq}. ${markdownText(title)}`, "", `_${event.at}_`, "");
    if (body !== undefined && body !== "") lines.push(codeBlock(body), "");
  }
  return lines.join("\n");
}

/** The thread as one web page that needs nothing else: no scripts, no files from anywhere. */
export function exportHtml(thread: Thread): string {
  const { id, state, events } = thread;
  const sections = events.map((event) => {
    const { title, body } = tell(event);
    const box = body === undefined || body === "" ? "" : `<pre>${escapeXml(body)}</pre>`;
    return `<section id="e${event.seq}"><h2>${event.seq}. ${escapeXml(title)}</h2><p><time datetime="${escapeXml(event.at)}">${escapeXml(event.at)}</time></p>${box}</section>`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Thread ${escapeXml(id)}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { font-size: 1rem; margin: 1.5rem 0 0; }
p { margin: 0; } time { opacity: .7; font-size: .85rem; }
pre { overflow: auto; padding: .75rem; border: 1px solid; border-radius: .5rem; white-space: pre-wrap; overflow-wrap: anywhere; }
svg { max-width: 100%; height: auto; }
</style>
</head>
<body>
<h1>Thread ${escapeXml(id)}</h1>
<p>Agent ${escapeXml(state.agent)}, ${state.status.kind}, ${state.steps} steps.</p>
${toSvg(threadGraph(events))}
${sections.join("\n")}
</body>
</html>
`;
}

function tell(event: ThreadEvent): Told {
  switch (event.type) {
    case "thread_started":
      return { title: `Thread of ${event.data.agent}` };
    case "message_received":
      return { title: `Message from ${who(event.data.from)}`, body: event.data.text };
    case "event_received":
      return { title: `Event ${event.data.name} from ${event.data.source}`, body: shown(event.data.payload) };
    case "step_proposed": {
      const { intent, ...rest } = event.data.step;
      return { title: `Step ${intent}`, body: shown(rest) };
    }
    case "step_refused":
      return { title: `Refused: ${event.data.reason}`, body: event.data.message };
    case "human_asked":
      return { title: `Asked people: ${event.data.kind}`, body: event.data.question };
    case "approval_requested":
      return {
        title: `Approval of ${event.data.card.intent}`,
        body: shown(toJson(event.data.card.arguments)),
      };
    case "human_responded":
      return {
        title: `${who(event.data.by)}: ${event.data.decision.kind}`,
        body: decisionBody(toJson(event.data.decision)),
      };
    case "tool_started":
      return { title: `Tool ${event.data.intent} started, attempt ${event.data.attempt}` };
    case "tool_finished":
      return { title: "Tool finished", body: shown(event.data.result) };
    case "tool_failed":
      return { title: "Tool failed", body: `${event.data.error.name}: ${event.data.error.message}` };
    case "finished":
      return { title: "Finished", body: shown(event.data.result) };
    case "failed":
      return { title: "Failed", body: `${event.data.error.name}: ${event.data.error.message}` };
    default:
      return { title: event.type.replaceAll("_", " "), body: shown(toJson(event.data)) };
  }
}

function decisionBody(decision: Json): string {
  if (!isJsonObject(decision)) return "";
  const { kind: _, ...rest } = decision;
  const values = Object.values(rest);
  return values.length === 0 ? "" : shown(values.length === 1 ? (values[0] ?? null) : rest);
}

function who({ channel, id, name }: Principal): string {
  return name === undefined ? `${channel}:${id}` : `${name} (${channel}:${id})`;
}

function shown(value: Json): string {
  if (typeof value === "string") return value;
  if (isJsonObject(value) && Object.keys(value).length === 0) return "";
  return JSON.stringify(value, null, 2);
}

/** A fence longer than any in the text. */
function codeBlock(text: string): string {
  const longest = Math.max(2, ...Array.from(text.matchAll(/`+/g), ([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}

/** One line of text, with nothing in it that Markdown or HTML would take as a command. */
function markdownText(text: string): string {
  return text.replace(/\s+/gu, " ").replace(/[\\`*_{}[\]<>#|~&]/g, "\\$&");
}

function inlineCode(text: string): string {
  return `\`${text.replaceAll("`", "'").replace(/\s+/gu, " ")}\``;
}
