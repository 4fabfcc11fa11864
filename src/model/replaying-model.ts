import { canonicalJson } from "../base/json.ts";
import { checkNames } from "../base/options.ts";
import { type ListenOptions, listen, type ModelServer, sendProblem } from "./model-server.ts";
import {
  describeDifference,
  type RecordedCall,
  type RecordedRequest,
  recordedRequest,
  requestDigest,
  sharedPrefix,
} from "./recording.ts";
import { readRecording } from "./recording-files.ts";

export interface ReplayingModel extends ModelServer {
  /** The recorded calls that have not been asked for yet. */
  leftovers(): readonly RecordedCall[];
}

export interface ReplayingOptions extends ListenOptions {
  /** What `startRecordingModel` has written: a JSONL file or a folder. */
  readonly file: string;
  /** Called for each request, with what is wrong if it is not in the recording. Must not throw. */
  readonly onRequest?: ((request: RecordedRequest, problem: string | undefined) => void) | undefined;
}

/**
 * Starts a model that answers from a recording of `startRecordingModel`. If the same request was recorded several
 * times, the answers come in the order of the recording. A request that was not recorded, or not that often, gets
 * status 404 (`unrecorded_request`) with a message that names the nearest recorded request and how the two differ.
 *
 * Throws `UsageError` (`invalid_configuration`) if the file or folder cannot be read or is not a recording.
 */
export async function startReplayingModel(options: ReplayingOptions): Promise<ReplayingModel> {
  checkNames("startReplayingModel", { file: true, onRequest: true, port: true, host: true }, options);
  const calls = await readRecording(options.file);
  const waiting = new Map<string, RecordedCall[]>();
  for (const call of calls) waiting.set(call.digest, [...(waiting.get(call.digest) ?? []), call]);
  const server = await listen(async (request, bodyText, response) => {
    const sent = recordedRequest(request.method ?? "GET", request.url ?? "/", request.headers, bodyText);
    const digest = requestDigest(sent);
    const call = waiting.get(digest)?.shift();
    if (call === undefined) {
      const message = explainMiss(calls, sent, digest);
      options.onRequest?.(sent, message);
      sendProblem(response, { status: 404, message, code: "unrecorded_request" });
      return;
    }
    options.onRequest?.(sent, undefined);
    const { status, contentType, retryAfter, body } = call.response;
    response.writeHead(status, {
      "content-type": contentType,
      ...(retryAfter === undefined ? {} : { "retry-after": retryAfter }),
    });
    response.end(body);
  }, options);
  return { ...server, leftovers: () => [...waiting.values()].flat() };
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
    `The nearest is ${nearest.digest.slice(0, 12)}: ${difference}`
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
