import { appendFile, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UsageError } from "../base/errors.ts";
import { isJsonObject, type Json, parseJson, toJson } from "../base/json.ts";
import { makeFolder } from "../base/make-folder.ts";
import { callOf, cleanRequest, type RecordedCall, readRecordedCall, requestDigest } from "./recording.ts";

/*
 * Where exchanges are kept: as lines of one file whose name ends in `.jsonl`, or as files of a folder, which people read and
 * compare: `0001-chat-completions.json` with the request and the head of the answer, and the answer's body as it came in a file
 * beside it, whose name ends in `.answer.json`, `.answer.sse` or `.answer.txt`.
 */

/** Appends exchanges; gives the name of the file that holds the latest one. */
export type RecordingWriter = (call: RecordedCall) => Promise<string>;

/** Throws `UsageError` where nothing can be written. */
export async function openRecording(place: string): Promise<RecordingWriter> {
  if (place.endsWith(".jsonl")) {
    folderFor(dirname(place), place);
    return async (call) => {
      await appendFile(place, `${JSON.stringify(call)}\n`);
      return place;
    };
  }
  folderFor(place, place);
  let last = Math.max(0, ...(await exchangesIn(place)).map((name) => Number.parseInt(name, 10)));
  return async ({ response, ...call }) => {
    last += 1;
    const name = `${String(last).padStart(4, "0")}-${nameOf(call.request.path)}`;
    const { body, ...head } = response;
    const answer = `${name}.answer.${extensionOf(response.contentType)}`;
    // What names the other is written last: no file names one that is not there.
    await writeFile(join(place, answer), body);
    const kept = { ...call, response: { ...head, bodyFile: answer } };
    await writeFile(join(place, `${name}.json`), `${JSON.stringify(kept, null, 2)}\n`);
    return `${name}.json`;
  };
}

function folderFor(folder: string, place: string): void {
  try {
    makeFolder(folder);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError("invalid_argument", `cannot write a recording to ${place}: ${reason}`, { cause });
  }
}

function nameOf(path: string): string {
  const [plain = ""] = path.split("?");
  return (
    plain
      .replace(/[^a-zA-Z0-9.]+/g, "-")
      .replace(/^[-.]+|[-.]+$/g, "")
      .slice(0, 60) || "request"
  );
}

function extensionOf(contentType: string): "json" | "sse" | "txt" {
  if (contentType.includes("json")) return "json";
  return contentType.includes("event-stream") ? "sse" : "txt";
}

async function exchangesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => /^\d{4,}-.*\.json$/.test(name) && !/\.answer\.json$/.test(name))
    .sort(byNumber);
}

function byNumber(one: string, other: string): number {
  return Number.parseInt(one, 10) - Number.parseInt(other, 10);
}

/** The exchanges of a recording, in their order. Throws `UsageError` for what is none. */
export async function readRecording(place: string): Promise<readonly RecordedCall[]> {
  const refusal = (message: string, cause?: unknown) =>
    new UsageError("invalid_configuration", message, { cause });
  const isFolder = await stat(place).then(
    (found) => found.isDirectory(),
    (cause: unknown) => {
      throw refusal(`cannot read the recording ${place}`, cause);
    },
  );
  const calls = isFolder ? await readFolder(place) : await readLines(place);
  // The digest is recomputed, because a recording may be edited by hand.
  return calls.map(([where, call]) => {
    if (call === undefined)
      throw refusal(`${where}: not a recorded call, as \`twelvefold model record\` writes it`);
    const request = cleanRequest(call.request);
    return { ...call, request, digest: requestDigest(request) };
  });
}

type Read = readonly [where: string, call: RecordedCall | undefined];

async function readLines(file: string): Promise<readonly Read[]> {
  const lines = (await readFile(file, "utf8")).split("\n");
  return lines.flatMap((line, at): Read[] =>
    line.trim() === "" ? [] : [[`${file}, line ${at + 1}`, readRecordedCall(line)]],
  );
}

async function readFolder(folder: string): Promise<readonly Read[]> {
  const names = await exchangesIn(folder);
  return Promise.all(
    names.map(async (name): Promise<Read> => [join(folder, name), await readExchange(folder, name)]),
  );
}

async function readExchange(folder: string, name: string): Promise<RecordedCall | undefined> {
  try {
    const kept: Json = parseJson(await readFile(join(folder, name), "utf8"));
    const response = isJsonObject(kept) ? kept["response"] : undefined;
    if (!isJsonObject(kept) || response === undefined || !isJsonObject(response)) return undefined;
    const { bodyFile, ...head } = response;
    // A name, no path: nothing outside of the folder is read.
    if (typeof bodyFile !== "string" || !/^[\w.-]+$/.test(bodyFile)) return undefined;
    const body = await readFile(join(folder, bodyFile), "utf8");
    return callOf(toJson({ ...kept, response: { ...head, body } }));
  } catch (error) {
    if (
      error instanceof SyntaxError ||
      (error instanceof Error && "code" in error && error.code === "ENOENT")
    )
      return undefined;
    throw error;
  }
}
