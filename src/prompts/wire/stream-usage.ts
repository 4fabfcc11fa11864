import { wireFormatOf } from "./formats.ts";

// No JSON string contains unescaped quotes: in a body, these texts are members and never part of a message.
const OPTION = '"stream_options":';
const ASK = `,${OPTION}{"include_usage":true}`;

/**
 * The body of a streamed request that also asks for token counts, which servers in OpenAI's chat format otherwise leave
 * out. Options that the client sets itself stay; every other format counts without being asked.
 */
export function askForUsage(url: string, body: string): string {
  if (wireFormatOf(url).name !== "openai-chat" || body.includes(OPTION) || !body.endsWith("}")) return body;
  return `${body.slice(0, -1)}${ASK}}`;
}

/** The body without that request, for servers that do not know it; unchanged if it has none. */
export function withoutUsage(body: string): string {
  return body.replace(ASK, "");
}

/** True if a server may have refused a request because of it. Some servers name the member only in the details. */
export function mayRefuseUsage(status: number, answer: string): boolean {
  return (status === 400 || status === 422) && /stream_options|include_usage/.test(answer);
}
