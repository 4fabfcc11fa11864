import { gzipSync } from "node:zlib";
import { isJsonArray, isJsonObject, type Json, parseJson } from "../base/json.ts";

/** An answer as it goes over the wire. */
export interface WireAnswer {
  readonly contentType: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

type Plain = WireAnswer & { readonly body: string };

/** What real servers do to an answer on its way. Those of the first group mean that there is no answer; the others are harmless. */
export const WIRE_FAULTS = {
  /** A finish reason that says that the model failed. */
  failed_finish: (answer: Plain) => withFinish(answer, "network_error"),
  /** The end without any finish reason: a cut stream. */
  no_finish: (answer: Plain) => withFinish(answer, null),
  /** A finish reason that says that a filter cut in. */
  filtered: (answer: Plain) => withFinish(answer, "content_filter"),
  /** An error inside of a choice, under status 200. */
  error_in_choice: (answer: Plain) =>
    mapChoices(answer, (choice) => ({ ...choice, error: { code: 502, message: "Upstream error" } })),
  /** An error as JSON where a stream was promised. */
  error_as_stream: (): WireAnswer => ({
    contentType: "text/event-stream",
    body: JSON.stringify({ error: { message: "The model is overloaded", type: "server_error" } }),
  }),
  /** Keep-alive comments, empty data and CRLF line ends, as the standard of event streams allows. */
  keepalives: (answer: Plain): WireAnswer =>
    answer.body.startsWith("data:")
      ? {
          ...answer,
          body: `: keepalive\n\n${answer.body.replaceAll("\n\n", "\n\n: ping\n\ndata:\n\n")}`.replaceAll(
            "\n",
            "\r\n",
          ),
        }
      : answer,
  /** Fields that OpenAI does not send. */
  extra_fields: (answer: Plain) =>
    mapJson(answer, (body) => ({ ...body, code: 0, message: "Success", error: "" })),
  /** `text/plain` over an answer of any kind. */
  odd_content_type: (answer: Plain): WireAnswer => ({ ...answer, contentType: "text/plain" }),
  /** Compressed, although nobody asked for it. */
  gzip: (answer: Plain): WireAnswer => ({
    ...answer,
    body: gzipSync(answer.body),
    headers: { "content-encoding": "gzip" },
  }),
} satisfies Readonly<Record<string, (answer: Plain) => WireAnswer>>;

export type WireFault = keyof typeof WIRE_FAULTS;

export function isWireFault(fault: string | null): fault is WireFault {
  return fault !== null && Object.hasOwn(WIRE_FAULTS, fault);
}

type JsonFields = { readonly [name: string]: Json };

/** Changes each JSON object of an answer: the body, or the data of each event. */
function mapJson(answer: Plain, change: (body: JsonFields) => Json): WireAnswer {
  const rewrite = (text: string) => {
    const json = parseJson(text);
    return isJsonObject(json) ? JSON.stringify(change(json)) : text;
  };
  if (!answer.body.startsWith("data:")) return { ...answer, body: rewrite(answer.body) };
  return {
    ...answer,
    body: answer.body.replace(/^data: (\{.*\})$/gm, (_, data: string) => `data: ${rewrite(data)}`),
  };
}

function mapChoices(answer: Plain, change: (choice: JsonFields) => Json): WireAnswer {
  return mapJson(answer, (body) => {
    const { choices } = body;
    if (choices === undefined || !isJsonArray(choices)) return body;
    return { ...body, choices: choices.map((choice) => (isJsonObject(choice) ? change(choice) : choice)) };
  });
}

function withFinish(answer: Plain, reason: string | null): WireAnswer {
  return mapChoices(answer, (choice) =>
    (choice["finish_reason"] ?? null) === null ? choice : { ...choice, finish_reason: reason },
  );
}
