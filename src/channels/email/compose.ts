import type { People } from "../../humans/people.ts";
import type { HumanRequest } from "../../humans/request.ts";
import { describeRequest, type RequestPart } from "../../present/describe-request.ts";
import { escapeXml } from "../../present/escape-xml.ts";
import { markLines, partLine } from "../part-line.ts";
import { REPLY_ABOVE } from "./new-text.ts";

/** A mail's two forms, of the same content. */
export interface Body {
  readonly text: string;
  readonly html: string;
}

/** A paragraph, or a table of names and values. */
type Block =
  | { readonly kind: "text"; readonly text: string; readonly strong?: boolean }
  | { readonly kind: "table"; readonly rows: readonly Pick<RequestPart, "label" | "text">[] }
  | { readonly kind: "link"; readonly text: string; readonly url: string };

/** A mail of plain words. */
export function composeText(words: string): Body {
  return render([{ kind: "text", text: words }]);
}

export interface Ask {
  /** The code with which the person who reads it approves. */
  readonly code: string;
  /** Where the request can be looked at; `undefined`: nowhere. */
  readonly link?: string | undefined;
  /** Who is who, for the names of people. */
  readonly people?: People | undefined;
}

/** A mail that asks a person: the whole card, and how to answer. */
export function composeRequest(request: HumanRequest, { code, link, people }: Ask): Body {
  const { title, question, parts, choices } = describeRequest(request, people);
  const rows = parts.map(({ label, text }) => ({ label, text }));
  const blocks: readonly Block[] = [
    { kind: "text", text: title, strong: true },
    ...(question === "" ? [] : [{ kind: "text", text: markLines(question) } as const]),
    ...(rows.length === 0 ? [] : [{ kind: "table", rows } as const]),
    ...waysToAnswer(request, { code, choices }).map((text) => ({ kind: "text", text }) as const),
    ...(link === undefined
      ? []
      : [{ kind: "link", text: "Look at it and answer there", url: link } as const]),
  ];
  return render(blocks);
}

/**
 * No line of this may be an answer that approves: people's mail programs quote it. So the code never stands behind the word.
 */
function waysToAnswer(
  request: HumanRequest,
  { code, choices }: { readonly code: string; readonly choices: readonly string[] | null },
): readonly string[] {
  switch (request.kind) {
    case "approval":
      return [
        `Your code for exactly this: ${code}`,
        "To approve: reply, and let the first line be the word approve and your code.",
        "To refuse: let the first line be the word deny. What you write below it is told to the agent.",
        "Any other reply decides nothing.",
      ];
    case "question":
      return [
        choices === null
          ? "Reply to this mail to answer."
          : `Reply with one of these as the first line: ${choices.join(", ")}`,
      ];
    case "escalation":
    case "budget":
    case "provider":
      return [
        `Your code: ${code}`,
        "To let it go on: reply, and let the first line be the words go on and your code.",
        "To stop it: let the first line be the word deny. Any other reply tells the agent how to go on.",
      ];
    case "version":
      return [
        `Your code: ${code}`,
        "To let it go on: reply, and let the first line be the words go on and your code.",
        "To stop it: let the first line be the word deny. Any other reply decides nothing.",
      ];
    case "unknown_outcome":
      return [
        "To give it up: reply, and let the first line be the word deny. Whether it happened is said in the inbox.",
      ];
    default:
      return request.kind satisfies never;
  }
}

function render(blocks: readonly Block[]): Body {
  const text = blocks.map(blockText).join("\n\n");
  const html = blocks.map(blockHtml).join("\n");
  return {
    text: `${REPLY_ABOVE}\n\n${text}\n`,
    html: `<!doctype html>
<html><head><meta charset="utf-8"></head><body style="font-family: sans-serif; line-height: 1.5">
<p style="color: #777; font-size: 0.8em">${REPLY_ABOVE}</p>
${html}
</body></html>
`,
  };
}

function blockText(block: Block): string {
  switch (block.kind) {
    case "text":
      return block.text;
    case "table":
      return block.rows.map(partLine).join("\n");
    case "link":
      return `${block.text}: ${block.url}`;
    default:
      return block satisfies never;
  }
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case "text": {
      const text = lines(block.text);
      return block.strong === true ? `<p><strong>${text}</strong></p>` : `<p>${text}</p>`;
    }
    case "table":
      return `<table cellpadding="4" style="border-collapse: collapse">${block.rows
        .map(
          ({ label, text }) =>
            `<tr><td valign="top" style="color: #777">${escapeXml(label)}</td><td>${lines(text)}</td></tr>`,
        )
        .join("")}</table>`;
    case "link":
      return `<p><a href="${escapeXml(block.url)}">${escapeXml(block.text)}</a></p>`;
    default:
      return block satisfies never;
  }
}

function lines(text: string): string {
  return escapeXml(text).replaceAll("\n", "<br>");
}
