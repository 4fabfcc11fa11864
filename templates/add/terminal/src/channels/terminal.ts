import type { Channel } from "twelvefold";
import { terminalChannel } from "twelvefold/channels";

/** Shows requests, with the commands that answer them, where `twelvefold serve` or `worker` runs. terminal.md says how to set it up. */
export function createTerminalChannel(): Channel {
  return terminalChannel();
}
