export interface ProgressBar {
  /** Says what is being done, and that it is going on. */
  readonly tick: (doing: string) => void;
  /** One part is done. */
  next(): void;
  end(): void;
}

/** A bar on standard error; without a terminal, one line for each part. */
export function progressBar(parts: number): ProgressBar {
  const { stderr } = process;
  const width = 24;
  let done = 0;
  let last = "";
  let ticks = 0;
  const draw = () => {
    const full = Math.round((done / parts) * width);
    const bar = "█".repeat(full) + "░".repeat(width - full);
    stderr.write(`\r\u001b[2K${bar} ${done}/${parts} ${last} ${".".repeat(ticks % 4)}`);
  };
  return {
    tick: (doing) => {
      ticks += 1;
      if (doing !== last && !stderr.isTTY) stderr.write(`measuring ${doing}\n`);
      last = doing;
      if (stderr.isTTY) draw();
    },
    next: () => {
      done += 1;
    },
    end: () => {
      if (stderr.isTTY) stderr.write("\r\u001b[2K");
    },
  };
}
