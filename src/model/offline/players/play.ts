import type { Block } from "../blocks.ts";
import type { Move } from "../move.ts";
import type { Turn } from "../turns.ts";
import { deploybot } from "./deploybot.ts";
import type { Player } from "./player.ts";
import { rollback } from "./rollback.ts";
import { support } from "./support.ts";

const PLAYERS: readonly Player[] = [deploybot, rollback, support];

/** The next move of a reference agent; `undefined` for a prompt that is not one of theirs. */
export function play(
  blocks: readonly Block[],
  turns: readonly Turn[],
  intents: ReadonlySet<string>,
): Move | undefined {
  const player = PLAYERS.find((one) => one.intents.every((intent) => intents.has(intent)));
  return player?.move(blocks, turns);
}
