import type { Act, NewCommand } from "./act.ts";
import { parseCount, parsePositiveCount } from "./parse-count.ts";

/** Adds the commands that try prompts: eval, collect, judge, attack. */
export function addWorkbenchCommands(command: NewCommand, act: Act): void {
  command(
    "eval [dataset...]",
    "ask the model about the cases of evals/, and compare with the baseline; no tool runs",
    "npx twelvefold eval calculator --client openai/gpt-5-mini --client ollama/qwen3 --report report.html",
  )
    .option("--client <provider/model...>", "who is asked, side by side; default: the configured model")
    .option(
      "--prompts <revision...>",
      "the prompts of git revisions, side by side; `now`: those that are there",
    )
    .option("--samples <n>", "answers to each case", parsePositiveCount, 1)
    .option("--case <text...>", "only cases with this text in their name")
    .option("--agent <name>", "the agent of cases that name none; default: the only one there is")
    .option("--report <file...>", "write reports: .html (a page), .md (Markdown), .xml (JUnit), .json")
    .option("--baseline <file>", "what to compare with; default evals/baseline.json")
    .option("--update-baseline", "take this run as the baseline, to be committed")
    .option("--fresh", "ask anew, also what has been answered before")
    .option("--cache <folder>", "where answers are kept; default .twelvefold/answers")
    .option("--concurrency <n>", "answers asked for at the same time", parsePositiveCount, 4)
    .option(
      "--per-minute <n>",
      "requests a minute at most; default: modelLimits of the configuration",
      parseCount,
    )
    .option("--offline", "ask the built-in offline model, whatever the environment names")
    .action(
      (names: string[], options: { json?: boolean } & import("./commands/eval.ts").EvalCommandOptions) =>
        act(options, async (session) =>
          (await import("./commands/eval.ts")).evalCommand(session, names, options),
        ),
    );
  command(
    "collect",
    "make cases of what people corrected: edits, denials with feedback, replaced steps",
    "npx twelvefold collect --last 200",
  )
    .option("--last <n>", "how many threads are looked through, latest first", parsePositiveCount, 100)
    .option("--agent <name>", "only threads of this agent")
    .option("--to <file>", "the dataset to which they are added, for review", "evals/collected.jsonl")
    .action((options: { json?: boolean } & import("./commands/collect.ts").CollectOptions) =>
      act(options, async (session) => (await import("./commands/collect.ts")).collect(session, options)),
    );
  command(
    "judge <judge>",
    "let a judge of the configuration grade stored decisions; its verdicts are listed, not acted on",
    "npx twelvefold judge polite --last 200 --sample 50",
  )
    .option("--last <n>", "how many threads are looked through, latest first", parsePositiveCount, 100)
    .option("--sample <n>", "how many decisions are judged", parsePositiveCount, 50)
    .option("--seed <n>", "the same number draws the same decisions", parseCount, 1)
    .option("--agent <name>", "only threads of this agent")
    .action((name: string, options: { json?: boolean } & import("./commands/judge.ts").JudgeOptions) =>
      act(options, async (session) => (await import("./commands/judge.ts")).judge(session, name, options)),
    );
  command(
    "attack <agent>",
    "try injections in mails, pages and tool results on an agent whose tools are stubbed: what the design stops, and what only the model stops",
    "npx twelvefold attack support --from email:ann@example.com --keep account --allow remember_preference",
  )
    .option(
      "--client <provider/model>",
      "also ask this model; default: the configured one, if there is one. A model that obeys is always asked",
    )
    .option("--from <who>", "as whom the attacker writes, as channel:id", "email:mallory@example.com")
    .option(
      "--step <json...>",
      "steps that attackers want; default: those with effects, with made-up arguments",
    )
    .option(
      "--keep <name...>",
      "read-only tools and prefetches that run for real; the agent's rules look at them",
    )
    .option("--allow <intent...>", "steps with effects that may run without a person, by a rule of yours")
    .option("--each", "a line for each attack: what became of it, and what stopped it")
    .option("--kind <kind...>", "only injections of these kinds, e.g. `role markers`")
    .option("--concurrency <n>", "attacks at the same time", parsePositiveCount, 4)
    .addHelpText(
      "after",
      `
Prompt, gate, context, policies, checks and judges are the agent's own; no tool with effects runs, and nothing is stored. First
a model is asked that obeys whatever it reads, with every wanted step: what stops it then holds by design. It exits with 1 if
a step with effects ran that --allow does not name, or if a text became another part of the prompt.`,
    )
    .action(
      (name: string, options: { json?: boolean } & import("./commands/attack.ts").AttackCommandOptions) =>
        act(options, async (session) =>
          (await import("./commands/attack.ts")).attackCommand(session, name, options),
        ),
    );
}
