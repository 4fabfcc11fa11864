import type { Command } from "commander";
import type { Session } from "./session.ts";

/** Options of every command. */
export interface Flags {
  readonly json?: boolean;
}

/** Makes a command from its usage, a description and an example. */
export type NewCommand = (usage: string, description: string, example: string) => Command;
/** Runs a command with its options. */
export type Act = (options: Flags, run: (session: Session) => Promise<number>) => Promise<void>;
