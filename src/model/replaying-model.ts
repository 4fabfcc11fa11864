import { readFile } from "node:fs/promises";
import { UsageError } from "../base/errors.ts";
import { canonicalJson } from "../base/json.ts";
import { type ListenOptions, listen, type ModelServer, sendProblem } from "./model-server.ts";
import {
  describeDifference,
  type RecordedCall,
  type RecordedRequest,
  readRecordedCall,
  recordedRequest,
  requestDigest,
  sharedPrefix,
} from "./recording.ts";

export interface ReplayingModel extends ModelServer {
  /** The recorded calls that have not been asked for yet. */
  leftovers(): readonly RecordedCall[];
}

/**
 * Starts a model that answers from a recording of `startRecordingModel`. If the same request was recorded several
 * times, the answers come in the order of the recording. A request that was not recorded, or not that often, gets
 * status 404 (`unrecorded_request`) with a message that names the nearest recorded request and the first difference.
 *
 * Throws `UsageError` (`invalid_configuration`) if the file cannot be read or is not a recording.
 */
export async function startReplayingModel(
  options: { readonly file: string } & ListenOptions,
): Promise<ReplayingModel> {
  const calls = await readRecording(options.file);
  const waiting = new Map<string, RecordedCall[]>();
  for (const call of calls) waiting.set(call.digest, [...(waiting.get(call.digest) ?? []), call]);
  const server = await listen(async (request, bodyText, response) => {
    const sent = recordedRequest(request.method ?? "GET", request.url ?? "/", request.headers, bodyText);
    const digest = requestDigest(sent);
    const call = waiting.get(digest)?.shift();
    if (call === undefined) {
      const message = explainMiss(calls, sent, digest);
      sendProblem(response, { status: 404, message, code: "unrecorded_request" });
      return;
    }
    const { status, contentType, retryAfter, body } = call.response;
    response.writeHead(status, {
      "content-type": contentType,
      ...(retryAfter === undefined ? {} : { "retry-after": retryAfter }),
    });
    response.end(body);
  }, options);
  return { ...server, leftovers: () => [...waiting.values()].flat() };
}

async function readRecording(file: string): Promise<readonly RecordedCall[]> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new UsageError("invalid_configuration", `cannot read the recording ${file}`, { cause });
  });
  return text.split("\n").flatMap((line, at) => {
    if (line.trim() === "") return [];
    const call = readRecordedCall(line);
    // The digest is recomputed, because a recording may be edited by hand.
    if (call !== undefined) return [{ ...call, digest: requestDigest(call.request) }];
    throw new UsageError(
      "invalid_configuration",
      `${file}, line ${at + 1}: not a recorded call; each line holds one call as startRecordingModel writes it`,
    );
  });
}

function explainMiss(calls: readonly RecordedCall[], sent: RecordedRequest, digest: string): string {
  const same = calls.filter((call) => call.digest === digest).length;
  if (same > 0)
    return `This request was recorded only ${same === 1 ? "once" : `${same} times`} but came again (digest ${digest.slice(0, 12)}).`;
  const nearest = findNearest(calls, sent);
  if (nearest === undefined)
    return `This request was not recorded (digest ${digest.slice(0, 12)}): the recording is empty.`;
  const difference = describeDifference(nearest.request, sent);
  return (
    `This request was not recorded (digest ${digest.slice(0, 12)}). ` +
    `The nearest is ${nearest.digest.slice(0, 12)}: ${difference}.`
  );
}

/** The recorded request that shares the longest beginning with the one sent; requests for the same path come first. */
function findNearest(calls: readonly RecordedCall[], sent: RecordedRequest): RecordedCall | undefined {
  const body = canonicalJson(sent.body);
  const score = ({ request }: RecordedCall) =>
    (request.path === sent.path ? 1e9 : 0) + sharedPrefix(canonicalJson(request.body), body);
  let best: { readonly call: RecordedCall; readonly score: number } | undefined;
  for (const call of calls) {
    const reached = score(call);
    if (best === undefined || reached > best.score) best = { call, score: reached };
  }
  return best?.call;
}
