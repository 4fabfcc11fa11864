import type { Block } from "../blocks.ts";
import type { Move } from "../move.ts";
import type { Turn } from "../turns.ts";

/** The end of a run: a prompt may have other steps that end it quietly. */
export function done(message: string): Move {
  return { kind: "call", intent: "done_for_now", fields: { message } };
}

/** Plays the model of one of the reference agents, known by the steps that its prompt allows. */
export interface Player {
  /** Steps that no other prompt has together. */
  readonly intents: readonly string[];
  move(blocks: readonly Block[], turns: readonly Turn[]): Move;
}
