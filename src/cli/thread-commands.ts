import type { Act, Flags, NewCommand } from "./act.ts";
import { parseCount, parsePositiveCount } from "./parse-count.ts";

/** Commands that begin threads and show them. */
export function addThreadCommands(command: NewCommand, act: Act): void {
  command(
    "run <agent> [message...]",
    "launch a thread and follow it",
    'npx twelvefold run calculator "multiply 3 and 4"\n  echo "multiply 3 and 4" | npx twelvefold run calculator',
  )
    .option("--once <key>", "an idempotency key: the same key launches once")
    .action((agent: string, message: string[], options: Flags & { once?: string }) =>
      act(options, async (session) =>
        (await import("./commands/run.ts")).run(session, agent, message, options),
      ),
    );
  command("list", "list threads, latest first", "npx twelvefold list --status awaiting_approval")
    .option("--agent <name>", "only threads of this agent")
    .option("--status <status...>", "only threads with one of these statuses")
    .option("--pending", "only threads that wait for a person")
    .option(
      "--search <text>",
      'only threads that say these words ("in quotes": one after another), or with such an id',
    )
    .option("--limit <n>", "how many to list, at most 1000", parsePositiveCount, 20)
    .option("--cursor <cursor>", "continue after the previous page")
    .action((options: Flags & import("./commands/list.ts").ListOptions) =>
      act(options, async (session) => (await import("./commands/list.ts")).list(session, options)),
    );
  command(
    "follow <thread>",
    "show what happens in a thread, whoever works on it; changes nothing",
    "npx twelvefold follow last",
  ).action((thread: string, options: Flags) =>
    act(options, async (session) => (await import("./commands/follow.ts")).followThread(session, thread)),
  );
  command("show <thread>", "show what happened in a thread", "npx twelvefold show thr_… --as context")
    .option("--as <form>", SHOW_AS, "timeline")
    .action((thread: string, options: Flags & { as: string }) =>
      act(options, async (session) => (await import("./commands/show.ts")).show(session, thread, options)),
    );
}

const SHOW_AS =
  "timeline, markdown, json, html (a page), context (what the model reads), request (what it would be sent next) or graph (Mermaid)";

/** Commands by which people decide. */
export function addAnswerCommands(command: NewCommand, act: Act): void {
  command(
    "approve <id>",
    "approve a pending step, or go on after an escalation; then follow the thread. With a thread's id, the card is shown and you are asked to confirm",
    "npx twelvefold approve thr_….7",
  )
    .option("--digest <digest>", "decide on exactly this version of the card")
    .option("--edit <json>", "approve with these fields changed")
    .action((id: string, options: Flags & { digest?: string; edit?: string }) =>
      act(options, async (session) => (await import("./commands/answer.ts")).approve(session, id, options)),
    );
  command(
    "deny <id> [feedback...]",
    "deny a pending step, with feedback for the model; then follow the thread",
    'npx twelvefold deny thr_….7 "use 5 instead"',
  )
    .option("--option <name>", "deny with one of the ready answers that the card lists, by its name")
    .option("--digest <digest>", "decide on exactly this version of the card")
    .action((id: string, feedback: string[], options: Flags & { digest?: string; option?: string }) =>
      act(options, async (session) =>
        (await import("./commands/answer.ts")).deny(session, id, feedback, options),
      ),
    );
  command(
    "answer <id> [text...]",
    "answer a question; then follow the thread",
    'npx twelvefold answer thr_….4 "take 12"',
  )
    .option("--happened <json>", "for an unknown outcome: it happened, with this result (JSON)")
    .option("--did-not-happen", "for an unknown outcome: it did not happen, so run it")
    .action((id: string, text: string[], options: Flags & { happened?: string; didNotHappen?: boolean }) =>
      act(options, async (session) =>
        (await import("./commands/answer.ts")).answer(session, id, text, options),
      ),
    );
}

/** Commands that change a thread. */
export function addSteeringCommands(command: NewCommand, act: Act): void {
  command(
    "message <thread> <text...>",
    "send another message; a finished thread goes on",
    'npx twelvefold message thr_… "and add 3"',
  ).action((thread: string, text: string[], options: Flags) =>
    act(options, async (session) => (await import("./commands/threads.ts")).message(session, thread, text)),
  );
  command("pause <thread>", "pause a thread", "npx twelvefold pause thr_…")
    .option("--reason <text>", "why")
    .action((thread: string, options: Flags & { reason?: string }) =>
      act(options, async (session) =>
        (await import("./commands/threads.ts")).pause(session, thread, options),
      ),
    );
  command(
    "resume <thread>",
    "resume a paused thread, or go on with one that no process advances",
    "npx twelvefold resume thr_…",
  ).action((thread: string, options: Flags) =>
    act(options, async (session) => (await import("./commands/threads.ts")).resume(session, thread)),
  );
  command("cancel <thread>", "cancel a thread for good", "npx twelvefold cancel thr_…")
    .option("--reason <text>", "why")
    .action((thread: string, options: Flags & { reason?: string }) =>
      act(options, async (session) =>
        (await import("./commands/threads.ts")).cancel(session, thread, options),
      ),
    );
  command(
    "fork <thread>",
    "copy a thread up to an event into a new, paused one",
    "npx twelvefold fork thr_… --at 6",
  )
    .requiredOption("--at <seq>", "the last event to copy", parseCount)
    .action((thread: string, options: Flags & { at: number }) =>
      act(options, async (session) => (await import("./commands/threads.ts")).fork(session, thread, options)),
    );
  command(
    "leave-out <thread> <seq...>",
    "from here on, the model does not read these events; the log keeps them",
    'twelvefold leave-out thr_… 7 9 --reason "another customer\'s order"',
  )
    .option("--reason <text>", "why")
    .action((thread: string, seqs: string[], options: Flags & { reason?: string }) =>
      act(options, async (session) =>
        (await import("./commands/threads.ts")).leaveOut(session, thread, seqs, options),
      ),
    );
  command(
    "verify <thread...>",
    "check that no stored event was altered, dropped or reordered",
    "npx twelvefold verify thr_…",
  ).action((threads: string[], options: Flags) =>
    act(options, async (session) => (await import("./commands/threads.ts")).verify(session, threads)),
  );
}
