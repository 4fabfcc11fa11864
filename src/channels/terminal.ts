import { fields, optional } from "../base/checks.ts";
import { letGo } from "../base/hooks.ts";
import { callback, checkOptions, nonEmptyName } from "../base/options.ts";
import type { Channel, NewsNotice } from "../humans/channel.ts";
import { pendingRequest } from "../humans/request.ts";
import { describeClosed, describeNews, describeRequest } from "../present/describe-request.ts";
import { howToAnswer } from "../present/how-to-answer.ts";
import { markLines, partLine } from "./part-line.ts";

export interface TerminalChannelOptions {
  /** The channel's name among the channels of the runtime. Default `terminal`. */
  readonly name?: string | undefined;
  /** Called with each line, without its line break. Default: prints it on standard error. If it throws, it is tried again. */
  readonly write?: ((line: string) => void) | undefined;
}

const OPTIONS = fields({ name: optional(nonEmptyName), write: optional(callback) });

/**
 * A channel to whoever watches the terminal of `twelvefold serve` or `worker`: each request with the whole card and the commands that
 * answer it, how it was closed, and how threads go on that were begun with `via: { channel: "terminal", … }`. Throws
 * `UsageError` (`invalid_configuration`) for invalid options.
 *
 * @example
 * export default defineConfig({ agents: [agent], channels: [terminalChannel()] });
 */
export function terminalChannel(options: TerminalChannelOptions = {}): Channel {
  checkOptions("terminalChannel", OPTIONS, options);
  const { name = "terminal", write = (line: string) => console.error(line) } = options;
  const writeAll = (lines: readonly string[]) => {
    for (const line of lines) letGo(write(line));
  };
  return {
    name,
    async deliver(notice) {
      if (notice.kind !== "request")
        return writeAll([
          `${TITLES[notice.kind]} (${notice.threadId})`,
          ...indent(markLines(describeNews(notice))),
        ]);
      const request = pendingRequest(notice.thread);
      // Answered in the meantime.
      if (request?.id !== notice.requestId) return;
      const { title, question, parts, choices } = describeRequest(request, notice.people);
      writeAll([
        title,
        ...(question === "" ? [] : indent(markLines(question))),
        ...parts.flatMap((part) => indent(partLine(part))),
        ...(choices === null ? [] : indent(`one of: ${choices.join(", ")}`)),
        ...howToAnswer(notice.thread, notice.request, notice.people).map((line) => `  ${line}`),
      ]);
    },
    async update(notice) {
      writeAll([`${describeClosed(notice)} (${notice.requestId})`]);
    },
  };
}

const TITLES: { readonly [K in NewsNotice["kind"]]: string } = {
  progress: "Progress",
  finished: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
};

function indent(text: string): readonly string[] {
  return text.split("\n").map((line) => `  ${line}`);
}
