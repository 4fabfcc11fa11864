import { wireFormatOf } from "./formats.ts";

// Unescaped quotes stand in no JSON string: in a body, these texts are members and never part of a message.
const OPTION = '"stream_options":';
const ASK = `,${OPTION}{"include_usage":true}`;

/**
 * The body of a streamed request, asking for the token counts as well: servers in OpenAI's chat format send none
 * otherwise. Options that the client has of its own stay; every other format counts unasked.
 */
export function askForUsage(url: string, body: string): string {
  if (wireFormatOf(url).name !== "openai-chat" || body.includes(OPTION) || !body.endsWith("}")) return body;
  return `${body.slice(0, -1)}${ASK}}`;
}

/** The body without that request, for servers that do not know it; unchanged where there is none. */
export function withoutUsage(body: string): string {
  return body.replace(ASK, "");
}

/** True if a server may have refused a request because of it. Some name the member only in the details. */
export function mayRefuseUsage(status: number, answer: string): boolean {
  return (status === 400 || status === 422) && /stream_options|include_usage/.test(answer);
}
