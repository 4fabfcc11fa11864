import { createInterface } from "node:readline/promises";
import { text as textOf } from "node:stream/consumers";
import { visible } from "../present/visible-text.ts";

/** The terminal, or a stand-in for it. */
export interface Terminal {
  /** True if a person can be asked. */
  readonly interactive: boolean;
  readonly colors: boolean;
  /** Results, on standard output. */
  out(text: string): void;
  /** A result to be piped, byte for byte; see `rawText` for where a person is looking. Absent: same as `out`. */
  raw?(text: string): void;
  /** Progress and problems, on standard error. */
  err(text: string): void;
  /** One line of progress on standard error, which the next one replaces; absent where nobody is looking. */
  status?(text: string): void;
  /** How many characters fit into a line. Absent: unknown. */
  columns?(): number;
  /** Everything that is piped in, at its end; absent if a person sits there. */
  input?(): Promise<string>;
  /** Asks for one line; `undefined` at the end of the input. */
  ask(question: string, signal?: AbortSignal): Promise<string | undefined>;
}

/** Besides what JSON escapes: characters that a terminal acts on, or that people do not see. */
const HIDDEN = /[[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]--[\n]]/gv;

/** JSON with what nobody sees in it written as escapes: a program reads the same, and a terminal acts on none of it. */
export function plainJson(json: string): string {
  return json.replace(HIDDEN, (character) =>
    Array.from({ length: character.length }, (_, at) => {
      const unit = character.charCodeAt(at).toString(16);
      return `\\u${unit.padStart(4, "0")}`;
    }).join(""),
  );
}

/** The terminal of a command that prints JSON. */
export function jsonTerminal(terminal: Terminal): Terminal {
  return { ...terminal, out: (text) => terminal.out(plainJson(text)) };
}

/** A text byte for byte; for a person who looks, what nobody sees in it is visible, so that a terminal acts on none of it. */
export function rawText(text: string, looking: boolean): string {
  return looking ? `${visible(text).replace(/\n$/, "")}\n` : text;
}

/** Prints a result byte for byte where it is piped. */
export function printRaw(terminal: Terminal, text: string): void {
  if (terminal.raw === undefined) terminal.out(text);
  else terminal.raw(text);
}

export function processTerminal(): Terminal {
  const { stdin, stdout, stderr } = process;
  return {
    interactive: stdin.isTTY === true && stdout.isTTY === true,
    // Read when it is needed, because `.env` may set it.
    get colors() {
      return stdout.isTTY === true && process.env.NO_COLOR === undefined;
    },
    out: (text) => {
      stdout.write(`${text}\n`);
    },
    raw: (text) => {
      stdout.write(rawText(text, stdout.isTTY === true));
    },
    err: (text) => {
      stderr.write(`${text}\n`);
    },
    ...(stderr.isTTY === true ? { status: (text: string) => void stderr.write(`\r\u001b[K${text}`) } : {}),
    columns: () => stderr.columns || 80,
    ...(stdin.isTTY === true ? {} : { input: () => textOf(stdin) }),
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
