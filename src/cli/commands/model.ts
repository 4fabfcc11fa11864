import { once } from "node:events";
import { resolve } from "node:path";
import { UsageError } from "../../base/errors.ts";
import { countOf, visible, visibleLine } from "../../present/visible-text.ts";
import { EXIT } from "../exit.ts";
import { chooseUpstream } from "../model-upstream.ts";
import type { Session } from "../session.ts";

export interface ModelOptions {
  readonly port?: number;
  readonly upstream?: string;
  /** Default 1. */
  readonly seed?: number;
  /** In per cent. */
  readonly rate?: number;
  readonly fault?: readonly string[];
}

const WHICH: {
  readonly [name: string]: (
    session: Session,
    place: string | undefined,
    options: ModelOptions,
  ) => Promise<number>;
} = {
  offline,
  record,
  replay,
  faults,
};

/** `twelvefold model offline|record|replay|faults`: runs a model server on this machine until it is interrupted. */
export async function model(
  session: Session,
  which: string,
  place: string | undefined,
  options: ModelOptions,
): Promise<number> {
  const run = Object.hasOwn(WHICH, which) ? WHICH[which] : undefined;
  if (run === undefined)
    throw new UsageError(
      "invalid_argument",
      `model takes ${Object.keys(WHICH).join(", ")}, not ${JSON.stringify(which)}`,
    );
  if (place !== undefined && which !== "record" && which !== "replay")
    throw new UsageError("invalid_argument", `model ${which} takes no folder`);
  return run(session, place, options);
}

async function offline(session: Session, _: string | undefined, { port }: ModelOptions): Promise<number> {
  const { OFFLINE_MODEL_NAME, startOfflineModel } = await import("../../model/offline/offline-model.ts");
  const server = await startOfflineModel({ port });
  session.onClose(() => server.close());
  announce(session, {
    what: "the built-in offline model answers until Ctrl-C. For `baml-cli test` and the playground, set in the environment:",
    url: server.url,
    variables: ownVariables(server.url, OFFLINE_MODEL_NAME),
    more: { model: OFFLINE_MODEL_NAME },
  });
  return untilSignal();
}

async function record(
  session: Session,
  place = "recordings",
  { port, upstream }: ModelOptions,
): Promise<number> {
  const { startRecordingModel } = await import("../../model/recording-model.ts");
  const behind = await chooseUpstream(session, upstream);
  const server = await startRecordingModel({
    upstream: behind.url,
    file: resolve(session.folder, place),
    port,
    onRecorded: ({ request, response }, name) =>
      session.terminal.err(
        `${request.method} ${visibleLine(request.path)}  ${response.status}  ${visibleLine(name)}`,
      ),
  });
  session.onClose(() => server.close());
  announce(session, {
    what: `every exchange with ${behind.url} is written to ${place} until Ctrl-C, without keys. Let your program ask here:`,
    url: server.url,
    variables: behind.variablesFor(server.url),
    more: { upstream: behind.url, recording: place },
  });
  return untilSignal();
}

async function replay(session: Session, place = "recordings", { port }: ModelOptions): Promise<number> {
  const { startReplayingModel } = await import("../../model/replaying-model.ts");
  let unrecorded = 0;
  const server = await startReplayingModel({
    file: resolve(session.folder, place),
    port,
    onRequest: ({ method, path }, problem) => {
      if (problem !== undefined) unrecorded += 1;
      session.terminal.err(
        `${method} ${visibleLine(path)}  ${problem === undefined ? "replayed" : visible(problem)}`,
      );
    },
  });
  session.onClose(() => server.close());
  const { variablesFor } = await chooseUpstream(session, "http://127.0.0.1/v1");
  announce(session, {
    what: `${countOf(server.leftovers().length, "exchange")} of ${place} are answered until Ctrl-C, each as often as it was recorded. Let your program ask here:`,
    url: server.url,
    variables: variablesFor(server.url),
    more: { recording: place },
  });
  await untilSignal();
  const left = server.leftovers().length;
  session.terminal.err(
    `not recorded: ${countOf(unrecorded, "request")}; not asked for: ${countOf(left, "recorded exchange")}`,
  );
  return unrecorded === 0 ? EXIT.ok : EXIT.failed;
}

async function faults(session: Session, _: string | undefined, options: ModelOptions): Promise<number> {
  const { seed = 1 } = options;
  const { startFaultyModel } = await import("../../model/faulty-model.ts");
  const rates = await ratesOf(options);
  const behind = await chooseUpstream(session, options.upstream);
  const server = await startFaultyModel({
    upstream: behind.url,
    port: options.port,
    seed,
    rates,
    onServed: (fault) => session.terminal.err(fault ?? "good"),
  });
  session.onClose(() => server.close());
  announce(session, {
    what: `the answers of ${behind.url} come with faults (seed ${seed}) until Ctrl-C. Let your program ask here:`,
    url: server.url,
    variables: behind.variablesFor(server.url),
    more: { upstream: behind.url, seed, rates },
  });
  return untilSignal();
}

/** How often each fault happens: those of `--fault name=per cent`, or all of them equally often, `--rate` together. */
async function ratesOf({ rate = 30, fault }: ModelOptions) {
  const { FAULTS } = await import("../../model/faults.ts");
  if (rate > 100) throw new UsageError("invalid_argument", "--rate takes per cent, from 0 to 100");
  if (fault === undefined)
    return Object.fromEntries(FAULTS.map((name) => [name, rate / 100 / FAULTS.length]));
  const named = fault.map((text) => {
    const [name, share = String(rate)] = text.split("=");
    const known = FAULTS.find((one) => one === name);
    if (known === undefined)
      throw new UsageError("invalid_argument", `--fault takes ${FAULTS.join(", ")}, not ${text}`);
    const number = Number(share);
    if (!(number >= 0 && number <= 100) || share.trim() === "")
      throw new UsageError(
        "invalid_argument",
        `--fault takes a name and per cent, as in ${known}=10, not ${text}`,
      );
    return [known, number / 100] as const;
  });
  return Object.fromEntries(named);
}

interface Announcement {
  readonly what: string;
  readonly url: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly more: object;
}

function announce({ terminal, colors, json }: Session, { what, url, variables, more }: Announcement): void {
  if (json) {
    terminal.out(JSON.stringify({ url, ...more }));
    return;
  }
  terminal.err(colors.dim(what));
  for (const [name, value] of Object.entries(variables)) terminal.out(`${name}=${value}`);
}

function ownVariables(url: string, name: string): Record<string, string> {
  return { TWELVEFOLD_BASE_URL: url, TWELVEFOLD_API_KEY: "none", TWELVEFOLD_MODEL_NAME: name };
}

async function untilSignal(): Promise<number> {
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  return EXIT.ok;
}
