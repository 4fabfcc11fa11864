import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import type { Agent } from "../../agent/agent.ts";
import { NotFoundError, UsageError } from "../../base/errors.ts";
import { makeFolder } from "../../base/make-folder.ts";
import { countOf, visible } from "../../present/visible-text.ts";
import { compileBaml } from "../../prompts/baml/compile-client.ts";
import { declarations } from "../../prompts/baml/source.ts";
import { threadOf } from "../../thread/thread.ts";
import { type DecisionTest, decisionTest } from "../../workbench/baml-tests/decision-test.ts";
import { decisionsIn, type StoredThread } from "../../workbench/decisions.ts";
import { diffRequest, type RequestDiff } from "../../workbench/regression/diff-requests.ts";
import { readSources } from "../baml/client-state.ts";
import { EXIT } from "../exit.ts";
import { findThread } from "../find-thread.ts";
import { recordedModels } from "../recorded-models.ts";
import type { Session } from "../session.ts";
import { printRaw } from "../terminal.ts";

export interface TestFromOptions {
  readonly at?: number;
  readonly name?: string;
  readonly assert?: readonly string[];
  readonly to: string;
  readonly print?: boolean;
}

/**
 * `twelvefold test-from <thread>`: appends a decision of a thread to the BAML tests of the project. Nothing is written unless
 * BAML compiles the result, and never over a test of the same name.
 */
export async function testFrom(session: Session, id: string, options: TestFromOptions): Promise<number> {
  const { terminal, json, colors: c, folder } = session;
  const sources = join(folder, "baml_src");
  const path = resolve(folder, options.to);
  const inSources = relative(sources, path).replaceAll("\\", "/");
  if (!existsSync(sources) || inSources.startsWith("..") || !inSources.endsWith(".baml")) {
    throw new UsageError(
      "invalid_argument",
      `--to takes a .baml file in baml_src, not ${JSON.stringify(options.to)}`,
    );
  }
  await session.existingStore();
  const threadId = await findThread(session, id);
  const { agents } = await session.config();
  const events = await (await session.store()).read(threadId);
  const [start] = events;
  const agentName = start?.type === "thread_started" ? start.data.agent : "";
  const agent = agents.find(({ name }) => name === agentName);
  if (agent === undefined)
    throw new NotFoundError(`there is no agent "${agentName}" here`, { agent: agentName });
  const { at, name, assert: fields } = options;
  const stored = { id: threadId, agent: agentName, events };
  const test = decisionTest(stored, agent, { at, name, fields });
  const files = Object.fromEntries(readSources(sources));
  const same = declarations(files).find((one) => one.kind === "test" && one.name === test.name);
  if (same !== undefined) {
    const message = `there is a test ${test.name} in baml_src already: delete it, or name this one with --name`;
    throw new UsageError("invalid_argument", message);
  }
  const before = files[inSources] ?? "";
  const added = `${before === "" ? "" : before.endsWith("\n") ? "\n" : "\n\n"}${test.source}`;
  compileBaml({ ...files, [inSources]: before + added });
  if (options.print !== true) append(path, added);
  const request = await compareRequest(session, agent, stored, test);
  const filter = `${test.functionName}::${test.name}`;
  const file = options.print === true ? null : relative(folder, path).replaceAll("\\", "/");
  if (json) {
    const { asserts, person, left, source } = test;
    terminal.out(
      JSON.stringify(
        { name: test.name, test: filter, file, asserts, person: person ?? null, left, request, source },
        null,
        2,
      ),
    );
    return EXIT.ok;
  }
  if (file === null) printRaw(terminal, test.source);
  else terminal.out(`wrote the test ${test.name} to ${file}`);
  for (const [label, text] of Object.entries(test.asserts))
    terminal.err(c.dim(`  ${label}: ${visible(text)}`));
  if (test.person === "edited") terminal.err("a person edited this step: the test wants theirs");
  if (test.person === "denied") terminal.err("a person denied this step: the test wants anything else");
  if (test.left > 0) {
    const steps = countOf(test.left + 1, "step");
    terminal.err(`the answer held ${steps}, of which BAML's own test reads one: the first is asserted`);
  }
  if (request !== null && request !== "same")
    terminal.err(`${ASKED_NOW[request]}: \`npx twelvefold diff\` shows more`);
  if (file !== null) terminal.err(c.dim(`run it: npx twelvefold test -i "${filter}"`));
  return EXIT.ok;
}

function append(path: string, text: string): void {
  makeFolder(dirname(path));
  // A file with Windows line ends keeps them.
  const crlf = existsSync(path) && readFileSync(path, "utf8").includes("\r\n");
  appendFileSync(path, crlf ? text.replaceAll("\n", "\r\n") : text);
}

const ASKED_NOW = {
  changed:
    "the current prompts make a different request from the recorded one; the test sends the current one",
  failed: "it is not known whether the current prompts make the recorded request",
} as const;

/** Whether the prompts of now make the request that was recorded; `null` where the test is about no decision. */
async function compareRequest(
  { env }: Session,
  own: Agent,
  stored: StoredThread,
  { seq }: DecisionTest,
): Promise<RequestDiff["kind"] | null> {
  const decision = decisionsIn(stored).find(({ event }) => event.seq === seq);
  if (decision === undefined) return null;
  const { completion, before } = decision;
  const asked = { own, thread: threadOf(stored.id, before), completion };
  const modelOf = recordedModels(env);
  return (await diffRequest(asked, { before: undefined, against: false, modelOf, count: () => 0 })).kind;
}
