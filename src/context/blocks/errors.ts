import { stripVTControlCharacters } from "node:util";
import { dropUndefined, toJson } from "../../base/json.ts";
import { removeSecrets } from "../../base/secret-patterns.ts";
import type { ErrorInfo } from "../../thread/events.ts";

const MAX_MESSAGE = 600;
const MAX_CAUSE = 200;
const MAX_CAUSES = 4;
const MAX_SCANNED = 20_000;

/**
 * Anything thrown, made short and safe to store and show: the message, the messages of its causes, the stack frame
 * nearest to the failure in the user's own code. No stack, no secrets of the built-in kinds, no control characters.
 * The message has at most 600 characters, each of at most 4 causes 200. Never throws, unless `hide` does.
 *
 * `hide` removes further secrets before texts are cut, so that no part of one is left. Default: removes nothing more.
 */
export function compactError(error: unknown, hide: (text: string) => string = (text) => text): ErrorInfo {
  const causes = causesOf(error).map((cause) => cutMiddle(hide(describe(cause)), MAX_CAUSE));
  const frame = usefulFrame(error);
  return {
    name: cutMiddle(hide(clean(nameOf(error))), 80),
    message: cutMiddle(hide(messageOf(error)), MAX_MESSAGE),
    ...dropUndefined({ causes: causes.length === 0 ? undefined : causes, frame }),
  };
}

/** An error as the model reads it: one line each for the error and its causes. Its place in the code is for people. */
export function errorText({ name, message, causes = [] }: ErrorInfo): string {
  const said = name === "Error" || name === "" ? [message] : [name, message];
  return [
    said.filter((part) => part.trim() !== "").join(": "),
    ...causes.map((cause) => `caused by ${cause}`),
  ].join("\n");
}

/** A long text cut in the middle, where it matters least: the beginning, how much is left out, and the end. */
export function cutMiddle(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const note = ` … [${text.length - limit} characters left out] … `;
  const room = Math.max(0, limit - note.length);
  const head = Math.ceil(room * 0.7);
  return (text.slice(0, head) + note + text.slice(text.length - (room - head))).toWellFormed();
}

function nameOf(error: unknown): string {
  const name = read(error, "name");
  return typeof name === "string" && name !== "" ? name : "Error";
}

function messageOf(error: unknown): string {
  const message = read(error, "message");
  if (typeof message === "string") return clean(message) || "(no message)";
  if (typeof error === "string") return clean(error) || "(no message)";
  // The message of an error may be anything, too: a bigint is no JSON.
  const thrown = error instanceof Error ? { name: error.name, message } : error;
  if (error === undefined) return "undefined was thrown";
  return clean(JSON.stringify(toJson(thrown), (key, value) => (key === "stack" ? undefined : value)));
}

function describe(error: unknown): string {
  const name = nameOf(error);
  const message = messageOf(error);
  return name === "Error" ? message : `${name}: ${message}`;
}

/** The chain of causes, outermost first; of an aggregate the first errors that it holds. */
function causesOf(error: unknown): unknown[] {
  const seen = new Set([error]);
  const causes: unknown[] = [];
  const visit = (from: unknown): void => {
    const errors = read(from, "errors");
    for (const next of [read(from, "cause"), ...(Array.isArray(errors) ? errors.slice(0, MAX_CAUSES) : [])]) {
      if (next === undefined || next === null || seen.has(next) || causes.length >= MAX_CAUSES) continue;
      seen.add(next);
      causes.push(next);
      visit(next);
    }
  };
  visit(error);
  return causes;
}

// An error may be anything, also an object whose getters throw.
function read(value: unknown, property: "name" | "message" | "stack" | "cause" | "errors"): unknown {
  try {
    return typeof value === "object" && value !== null ? Reflect.get(value, property) : undefined;
  } catch {
    return undefined;
  }
}

const PLACE = String.raw`(?:file:|node:|https?:|webpack|eval at |/|[A-Za-z]:\\|\[|<)[^\n"]{0,500}:\d+:\d+`;
const FRAME = String.raw`[ \t]+at (?:async )?(?:[^\n("]{0,200} \((?:${PLACE}|native|<anonymous>|index \d+)\)|${PLACE}|<anonymous>)`;
/** A line of a stack trace, on a line of its own or in a text of JSON. */
const STACK_LINE = new RegExp(String.raw`(?:^|\n|\\n)${FRAME}[ \t]*(?=\n|\\n|"|$)`, "g");

// Command-line tools put colours into their messages, and whole stacks.
function clean(text: string): string {
  const plain = stripVTControlCharacters(cutMiddle(text, MAX_SCANNED));
  const cut = plain.replace(STACK_LINE, "");
  return removeSecrets(cut)
    .replace(/[^\P{Cc}\n\t]/gu, "")
    .toWellFormed()
    .trim();
}

// Frames of this package say nothing about the user's mistake; its agents are written like a user's.
const PACKAGE_ROOT = new URL("../..", import.meta.url).href;

function usefulFrame(error: unknown): string | undefined {
  const stack = read(error, "stack");
  if (typeof stack !== "string") return undefined;
  for (const line of stack.slice(0, MAX_SCANNED).split("\n")) {
    const match = /^\s+at (?:(.{1,200}?) \()?((?:file:\/\/|\/|[A-Za-z]:\\)[^()]{1,500}:\d+:\d+)\)?$/.exec(
      line,
    );
    const place = match?.[2];
    if (place === undefined || /[/\\]node_modules[/\\]/.test(place) || isOfThisPackage(place)) continue;
    const name = match?.[1];
    return clean(name === undefined ? shortPlace(place) : `${name} (${shortPlace(place)})`);
  }
  return undefined;
}

function isOfThisPackage(place: string): boolean {
  const url = place.startsWith("file://") ? place : `file://${place}`;
  return url.startsWith(PACKAGE_ROOT) && !url.startsWith(`${PACKAGE_ROOT}agents/`);
}

/** The last parts of the path: enough to find the file, without telling where it is installed. */
function shortPlace(place: string): string {
  return place
    .replace(/\?[^:]*/, "")
    .split(/[/\\]/)
    .slice(-3)
    .join("/");
}
