import type { Json } from "../base/json.ts";
import type { ErrorInfo, ThreadEvent } from "../thread/events.ts";
import type { Thread } from "../thread/thread.ts";
import { describeEvent, type EventDescription } from "./describe-event.ts";
import { escapeXml } from "./escape-xml.ts";
import { threadGraph } from "./graph.ts";
import { toSvg } from "./graph-svg.ts";
import { fullNameOf } from "./people.ts";
import { visible } from "./visible-text.ts";

/** The thread as JSON: its id and its events, from which everything else follows. `threadOf` reads it back. */
export function exportJson({ id, events }: Thread): string {
  return `${JSON.stringify({ threadId: id, events }, null, 2)}\n`;
}

/**
 * The thread as Markdown, for people to read and for issues. The words of people, models and tools stand in code blocks
 * that they cannot close.
 */
export function exportMarkdown(thread: Thread): string {
  const { id, state, events } = thread;
  const lines = [
    `# Thread ${id}`,
    "",
    `Agent ${inlineCode(visible(state.agent))}, ${state.status.kind}, ${state.steps} steps, started ${state.startedAt}.`,
    "",
  ];
  for (const event of events) {
    const described = describeEvent(event);
    const body = bodyOf(described);
    lines.push(`## ${event.seq}. ${markdownText(headingOf(event, described))}`, "", `_${event.at}_`, "");
    if (body !== "") lines.push(codeBlock(body), "");
  }
  return lines.join("\n");
}

/** The thread as a self-contained web page: no scripts, and no files from elsewhere. */
export function exportHtml(thread: Thread): string {
  const { id, state, events } = thread;
  const sections = events.map((event) => {
    const described = describeEvent(event);
    const body = bodyOf(described);
    const box = body === "" ? "" : `<pre>${escapeXml(body)}</pre>`;
    return `<section id="e${event.seq}"><h2>${event.seq}. ${escapeXml(headingOf(event, described))}</h2><p><time datetime="${escapeXml(event.at)}">${escapeXml(event.at)}</time></p>${box}</section>`;
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
svg { width: 20rem; max-width: 100%; height: auto; }
</style>
</head>
<body>
<h1>Thread ${escapeXml(id)}</h1>
<p>Agent ${escapeXml(visible(state.agent))}, ${state.status.kind}, ${state.steps} steps.</p>
${toSvg(threadGraph(thread))}
${sections.join("\n")}
</body>
</html>
`;
}

function headingOf(event: ThreadEvent, { title }: EventDescription): string {
  if (event.type === "message_received") return `Message from ${fullNameOf(event.data.from)}`;
  return event.type === "step_proposed" ? `Step ${title}` : title;
}

/** The text under an event's title: its words, then the arguments, result or error. */
function bodyOf({ text, fields, result, error }: EventDescription): string {
  return [
    text ?? "",
    fields === undefined || Object.keys(fields).length === 0 ? "" : jsonText(fields),
    result === undefined ? "" : jsonText(result),
    error === undefined ? "" : errorText(error),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function jsonText(value: Json): string {
  return visible(typeof value === "string" ? value : JSON.stringify(value, null, 2));
}

function errorText({ name, message, causes = [], frame }: ErrorInfo): string {
  const lines = [`${name}: ${message}`, ...causes.map((cause) => `caused by ${cause}`)];
  return visible([...lines, ...(frame === undefined ? [] : [`at ${frame}`])].join("\n"));
}

/** A fence longer than any in the text. */
function codeBlock(text: string): string {
  const longest = Math.max(2, ...Array.from(text.matchAll(/`+/g), ([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}

/** One line of text without anything that Markdown or HTML would act on. */
function markdownText(text: string): string {
  return text.replace(/\s+/gu, " ").replace(/[\\`*_{}[\]<>#|~&]/g, "\\$&");
}

function inlineCode(text: string): string {
  return `\`${text.replaceAll("`", "'").replace(/\s+/gu, " ")}\``;
}
