import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { createInterface } from "node:readline";
import { renderThread, selectModel, verifiedBy } from "twelvefold";
import { startOfflineModel } from "twelvefold/model";
import { openAccount } from "./account.ts";
import { promptedBy, runAgent } from "./loop.ts";

if (existsSync(".env")) process.loadEnvFile();
const selection = selectModel(process.env);
const offline = selection.kind === "offline" ? await startOfflineModel() : undefined;
const model = selection.kind === "offline" ? offline?.choice : selection.choice;
if (model === undefined) throw new Error("no model");

const terminal = createInterface({ input: process.stdin });
const lines = terminal[Symbol.asyncIterator]();
async function ask(question: string): Promise<string> {
  process.stdout.write(question);
  const { value, done } = await lines.next();
  if (done === true) throw new Error("nobody answers: the input has ended");
  return value;
}

try {
  const thread = await runAgent(process.argv.slice(2).join(" ") || (await ask("> ")), {
    nextStep: promptedBy(model),
    account: openAccount(".twelvefold/account.jsonl"),
    ask,
    person: verifiedBy("terminal", userInfo().username),
  });
  console.log(renderThread(thread));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  terminal.close();
  await offline?.close();
}
