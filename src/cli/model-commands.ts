import type { Act, Flags, NewCommand } from "./act.ts";
import { parseCount } from "./parse-count.ts";

/** Commands about what a model reads, and model servers on this machine. */
export function addModelCommands(command: NewCommand, act: Act): void {
  command(
    "prompt <agent> [message...]",
    "print the exact request that the model would get next; nothing is sent",
    "twelvefold prompt calculator --thread thr_… --at 6",
  )
    .option("--thread <id>", "use this thread instead of a new one that holds only the message")
    .option("--at <seq>", "use the thread as it was after this event", parseCount)
    .option("--raw", "only the body, byte for byte")
    .action((agent: string, words: string[], options: Flags & import("./commands/prompt.ts").PromptOptions) =>
      act(options, async (session) =>
        (await import("./commands/prompt.ts")).prompt(session, agent, words, options),
      ),
    );
  command("tokens <thread>", "compare what a thread costs in each format", "twelvefold tokens thr_…").action(
    (thread: string, options: Flags) =>
      act(options, async (session) => (await import("./commands/tokens.ts")).tokens(session, thread)),
  );
  command(
    "model <which> [place]",
    "run a model server on this machine: offline (built in), record, replay or faults",
    "twelvefold model record recordings --upstream https://api.openai.com/v1",
  )
    .option("--port <port>", "a fixed port instead of a free one", parseCount)
    .option("--upstream <url>", "record, faults: the model behind it; default: the configured one")
    .option("--seed <n>", "faults: the same number gives the same faults in the same order", parseCount, 1)
    .option(
      "--rate <percent>",
      "faults: how many answers have one, all faults equally often (default: 30)",
      parseCount,
    )
    .option("--fault <name=percent...>", "faults: only these, each as often as it says")
    .addHelpText(
      "after",
      `
record   passes requests on and streams the answers back, and writes each exchange to a folder (default: recordings) as files
         that people can read and git can compare, or to one file if its name ends in .jsonl. Keys are passed on, never
         written. OpenAI's, Anthropic's and Google's shapes go through alike.
replay   answers from such a recording and asks nobody. A request that is not in it gets 404; the nearest recorded one is shown
         with a diff. Exits with 1 if there was one.
faults   passes on what another model answers, with faults: broken and misleading texts, cut streams, odd finish reasons,
         rate limits, hanging and reset connections.`,
    )
    .action(
      (
        which: string,
        place: string | undefined,
        options: Flags & import("./commands/model.ts").ModelOptions,
      ) =>
        act(options, async (session) =>
          (await import("./commands/model.ts")).model(session, which, place, options),
        ),
    );
}
