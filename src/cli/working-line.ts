import { isJsonObject, type Json, toJson } from "../base/json.ts";
import { clip, visibleLine } from "../present/visible-text.ts";
import type { ThreadState } from "../thread/state.ts";
import type { Session } from "./session.ts";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"] as const;
const FRAME_MS = 120;
const ANSWERING = "the model answers";
/** How much of a field that is being written is looked at, in characters. */
const MAX_WRITTEN = 400;

/** One line at the end that shows what is being done, for how long, and what the model has written so far. */
export interface WorkingLine {
  /** The thread has moved on: what it does now is timed anew. */
  moved(state: ThreadState): void;
  /** What the model has written so far. */
  partial(value: unknown): void;
  /** Writes a line above it. */
  above(write: () => void): void;
  /** Takes it away, for a question or the end. */
  hide(): void;
}

/** Shown only where a person looks at the terminal. */
export function createWorkingLine({ terminal, colors, json }: Session, now = Date.now): WorkingLine {
  const { status, columns } = terminal;
  if (status === undefined || json) {
    return { moved: () => {}, partial: () => {}, above: (write) => write(), hide: () => {} };
  }
  let doing: string | undefined;
  let since = now();
  let written = "";
  let frame = 0;
  let timer: NodeJS.Timeout | undefined;
  const draw = () => {
    if (doing === undefined) return;
    const seconds = Math.floor((now() - since) / 1000);
    const line = `${FRAMES[frame % FRAMES.length]} ${doing} · ${seconds} s`;
    const room = (columns?.() ?? 80) - line.length - 4;
    // The end of it is what is new.
    const tail =
      written.length <= room ? written : `…${written.slice(Math.max(0, written.length - room + 1))}`;
    status(colors.dim(room < 10 || written === "" ? line : `${line}  ${tail}`));
  };
  const hide = () => {
    clearInterval(timer);
    timer = undefined;
    if (doing !== undefined) status("");
    doing = undefined;
  };
  return {
    moved(state) {
      const next = doingNow(state);
      if (next === undefined) return hide();
      doing = next;
      since = now();
      written = "";
      timer ??= setInterval(() => {
        frame += 1;
        draw();
      }, FRAME_MS);
      // The process may end although the line is shown.
      timer.unref();
      draw();
    },
    partial(value) {
      // The result of a tool may be stored together with the answer that follows it.
      if (doing !== undefined && doing !== ANSWERING) {
        doing = ANSWERING;
        since = now();
      }
      written = inWords(value);
      draw();
    },
    above(write) {
      if (doing !== undefined) status("");
      write();
      draw();
    },
    hide,
  };
}

/** What is there of an answer that is being written: its fields that have begun, as a line of the step will show them. */
function inWords(value: unknown): string {
  const json = toJson(value);
  if (!isJsonObject(json)) return typeof json === "string" ? visibleLine(json) : JSON.stringify(json);
  const begun = Object.entries(json).filter(([, field]) => field !== null && field !== "");
  const { intent, ...fields } = Object.fromEntries(begun);
  const words = Object.entries(fields).map(([name, field]) => `${visibleLine(name)}=${newest(field)}`);
  return [...(typeof intent === "string" ? [visibleLine(intent)] : []), ...words].join(" ");
}

/** The end of it is what is new. */
function newest(value: Json): string {
  const text = JSON.stringify(value);
  return visibleLine(text.length <= MAX_WRITTEN ? text : `…${text.slice(-MAX_WRITTEN).toWellFormed()}`, 500);
}

function doingNow({ status, calls }: ThreadState): string | undefined {
  if (status.kind === "awaiting_child") return "another agent works";
  if (status.kind !== "running") return undefined;
  const running = calls.filter(({ phase }) => phase.kind === "started").map(({ step }) => step.intent);
  if (running.length > 0) return `${clip(visibleLine(running.join(", ")), 40)} runs`;
  return ANSWERING;
}
