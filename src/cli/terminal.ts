import { createInterface } from "node:readline/promises";

/** The terminal, or what stands for it. */
export interface Terminal {
  /** True if a person can be asked. */
  readonly interactive: boolean;
  readonly colors: boolean;
  /** Results, on standard output. */
  out(text: string): void;
  /** A result to be piped on, byte for byte: no line break is added unless a person is looking. Absent: as `out`. */
  raw?(text: string): void;
  /** Progress and problems, on standard error. */
  err(text: string): void;
  /** One line from the person; `undefined` at the end of the input. */
  ask(question: string, signal?: AbortSignal): Promise<string | undefined>;
}

export function processTerminal(): Terminal {
  const { stdin, stdout, stderr } = process;
  return {
    interactive: stdin.isTTY === true && stdout.isTTY === true,
    // Asked when it is needed: `.env` may say so.
    get colors() {
      return stdout.isTTY === true && process.env.NO_COLOR === undefined;
    },
    out: (text) => {
      stdout.write(`${text}\n`);
    },
    raw: (text) => {
      stdout.write(stdout.isTTY === true ? `${text}\n` : text);
    },
    err: (text) => {
      stderr.write(`${text}\n`);
    },
    ask: async (question, signal) => {
      const lines = createInterface({ input: stdin, output: stdout });
      const ended = new Promise<undefined>((resolve) => lines.once("close", () => resolve(undefined)));
      try {
        return await Promise.race([lines.question(question, signal === undefined ? {} : { signal }), ended]);
      } finally {
        lines.close();
      }
    },
  };
}
