import { UsageError } from "../base/errors.ts";
import type { Act, NewCommand } from "./act.ts";

/** The commands that move and remove threads, or what was said in them. */
export function addRetentionCommands(command: NewCommand, act: Act): void {
  command(
    "prune",
    "delete or erase old threads that have ended, by the configuration's `retention` or these options; without --yes, only count them",
    "npx twelvefold prune --older-than 90d --status finished",
  )
    .option("--older-than <days>", "threads without an event for this many days: 90 or 90d")
    .option("--status <status...>", "only threads that are finished, failed or cancelled")
    .option("--agent <name>", "only threads of this agent")
    .option("--erase", "erase what was said, and keep who did what and when")
    .option("--archive <folder>", "write each thread there as JSON first")
    .option("--yes", "do it")
    .action((options: { json?: boolean } & import("./commands/prune.ts").PruneCommand) =>
      act(options, async (session) => (await import("./commands/prune.ts")).prune(session, options)),
    );
  command(
    "store <what> <from> <to>",
    "copy all threads of a file into an empty PostgreSQL database; goes on where an interrupted copy ended",
    "npx twelvefold store copy sqlite:.twelvefold/threads.db postgres://agents@db.example/agents",
  ).action((what: string, from: string, to: string, options: { json?: boolean }) =>
    act(options, async (session) => {
      if (what !== "copy") throw new UsageError("invalid_argument", `store takes copy, not ${what}`);
      return (await import("./commands/store.ts")).copyStore(session, from, to);
    }),
  );
  command(
    "erase <thread...>",
    "erase what was said in threads that have ended; without --yes, only list them",
    'npx twelvefold erase thr_… --reason "asked for by the customer" --yes',
  )
    .option("--reason <text>", "why; it is recorded in the thread")
    .option("--delete", "delete the threads and everything kept about them")
    .option("--yes", "do it")
    .action((threads: string[], options: { json?: boolean } & import("./commands/prune.ts").EraseCommand) =>
      act(options, async (session) => (await import("./commands/prune.ts")).erase(session, threads, options)),
    );
}
