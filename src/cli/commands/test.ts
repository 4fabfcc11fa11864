import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../../base/errors.ts";
import { visible } from "../../present/visible-text.ts";
import { selectModel } from "../../prompts/models/select-model.ts";
import { bamlComplaint, runBamlCli } from "../baml/baml-cli.ts";
import { EXIT } from "../exit.ts";
import type { Session } from "../session.ts";

export interface TestOptions {
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  /** Uses the built-in model, whatever the environment says. */
  readonly offline?: boolean;
}

/** The model that BAML's own test command asks. */
interface TestModel {
  readonly what: string;
  readonly url: string;
  readonly key: string | undefined;
  readonly name: string | undefined;
}

/** What the exit codes of `baml-cli test` mean; `none`: no test was selected. */
const BAML = { passed: 0, failed: 2, none: 5 } as const;

/**
 * `twelvefold test`: runs the BAML tests of the project against the model of `TWELVEFOLD_MODEL` or the server of
 * `TWELVEFOLD_BASE_URL`; without either, or with `--offline`, against the built-in offline model. A provider's key
 * alone chooses nothing here, so no call is paid for by accident.
 */
export async function test(session: Session, options: TestOptions): Promise<number> {
  const { folder, env, terminal, json } = session;
  checkSources(folder);
  // The project's other tests, which run after this, use it.
  await session.requireFreshClient();
  const model = options.offline === true ? await startOffline(session) : await modelFor(session);
  const filters = [
    ...(options.include ?? []).flatMap((filter) => ["-i", filter]),
    ...(options.exclude ?? []).flatMap((filter) => ["-x", filter]),
  ];
  const { code, output } = await runBamlCli(folder, ["test", "--from", "baml_src", ...filters], {
    ...env,
    TWELVEFOLD_BASE_URL: model.url,
    TWELVEFOLD_API_KEY: model.key ?? "none",
    TWELVEFOLD_MODEL_NAME: model.name ?? "twelvefold-offline",
  });
  if (code === BAML.none) {
    const which =
      filters.length === 0 ? "there are no tests in baml_src" : `no test matches ${filters.join(" ")}`;
    throw new UsageError("invalid_argument", `BAML tests: ${which}`);
  }
  const ran = /Test run completed, (\d+) tests? \(/.exec(output)?.[1];
  if (ran === undefined) {
    throw new UsageError("invalid_configuration", `the BAML tests cannot run: ${bamlComplaint(output)}`);
  }
  const passed = code === BAML.passed;
  if (json) terminal.out(JSON.stringify({ passed, tests: Number(ran), model: model.what, output }));
  else if (passed) terminal.out(`BAML tests: ${ran} passed (${model.what})`);
  else {
    terminal.out(visible(resultsIn(output)));
    terminal.out(`BAML tests: ${failuresIn(output)} of ${ran} failed (${model.what})`);
  }
  return passed ? EXIT.ok : EXIT.failed;
}

/** From the results on; before them come warnings of the run. */
function resultsIn(output: string): string {
  return output.slice(Math.max(0, output.indexOf("INFO: Test results"))).trim();
}

function failuresIn(output: string): number {
  return output.match(/^\s*[\d.]+s (?:FAILED|ERROR)\s/gm)?.length ?? 0;
}

/** Throws if a run would test nothing, or would ask a model other than the one configured. */
function checkSources(folder: string): void {
  const sources = join(folder, "baml_src");
  if (!existsSync(sources)) {
    const message = `there is no baml_src in ${folder}: run this in your project's folder`;
    throw new UsageError("invalid_configuration", message);
  }
  const names = readdirSync(sources, { recursive: true }).map(String);
  const texts = names
    .filter((name) => name.endsWith(".baml"))
    .map((name) => readFileSync(join(sources, name), "utf8"));
  if (texts.some((text) => text.includes("env.TWELVEFOLD_BASE_URL"))) return;
  throw new UsageError(
    "invalid_configuration",
    'no client in baml_src reads env.TWELVEFOLD_BASE_URL, so its tests would ask another model than the one named: give the clients base_url env.TWELVEFOLD_BASE_URL, api_key env.TWELVEFOLD_API_KEY, model env.TWELVEFOLD_MODEL_NAME and provider "openai-generic"',
  );
}

async function startOffline(session: Session): Promise<TestModel> {
  const { startOfflineModel } = await import("../../model/offline/offline-model.ts");
  const server = await startOfflineModel();
  session.onClose(() => server.close());
  return { what: "built-in offline model", url: server.url, key: undefined, name: undefined };
}

async function modelFor(session: Session): Promise<TestModel> {
  const { env } = session;
  if (env["TWELVEFOLD_MODEL"]) return namedModel(session);
  const url = env["TWELVEFOLD_BASE_URL"];
  if (!url) return startOffline(session);
  return { what: url, url, key: env["TWELVEFOLD_API_KEY"], name: env["TWELVEFOLD_MODEL_NAME"] };
}

/** The addresses of providers that speak OpenAI's chat format; `undefined` if the address is configured. */
const SERVERS: ReadonlyMap<string, string | undefined> = new Map([
  ["openai", "https://api.openai.com/v1"],
  ["openrouter", "https://openrouter.ai/api/v1"],
  ["ollama", undefined],
  ["openai-generic", undefined],
]);

/** The configured model. Throws unless it speaks OpenAI's chat format, as the client in the `.baml` files does. */
async function namedModel(session: Session): Promise<TestModel> {
  const selection = selectModel(session.env);
  if (selection.kind === "offline") return startOffline(session);
  const [client] = selection.choice.clients;
  const { name = "", provider = "", options = {} } = client ?? {};
  const text = (value: unknown) => (typeof value === "string" ? value : undefined);
  const url = text(options["base_url"]) ?? SERVERS.get(provider);
  if (!SERVERS.has(provider) || url === undefined) {
    throw new UsageError(
      "invalid_configuration",
      `BAML tests use a client that speaks OpenAI's chat format, which ${name} does not: choose one of ${[...SERVERS.keys()].join(", ")}`,
    );
  }
  return { what: name, url, key: text(options["api_key"]), name: text(options["model"]) };
}
