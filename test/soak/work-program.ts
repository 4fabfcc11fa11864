/*
 * One life of a process that does a piece of work and answers as people would, until it is killed at one of its appends or the
 * work is over: `work-program.ts PLACE BESIDE WORK [AT before|after]`. PLACE is a file, or the address of a PostgreSQL database with a
 * schema; BESIDE a file outside the store that tells what really happened; WORK a way to hand work over, or `support`.
 */
import { appendFileSync } from "node:fs";
import { makeDemoShop } from "../../src/agents/support/demo-shop.ts";
import { mailInput } from "../../src/agents/support/mail.ts";
import { TwelvefoldError } from "../../src/base/errors.ts";
import { requestIdOf, type ThreadId } from "../../src/base/ids.ts";
import { openStore } from "../../src/cli/open-store.ts";
import { verifiedBy } from "../../src/humans/principal.ts";
import { startOfflineModel } from "../../src/model/offline/offline-model.ts";
import { createRuntime, type Runtime } from "../../src/runtime/runtime.ts";
import type { ThreadStore } from "../../src/store/store.ts";
import { answerAll, delegatingFamily, type Handover, OVER } from "../runtime/delegating-family.ts";

const [place = "", beside = "", work = "", at, when] = process.argv.slice(2);
const opened = await openStore(place, "/");
let appends = 0;
const dieAt = (append: number, moment: "before" | "after") => {
  if (append === Number(at) && when === moment) process.kill(process.pid, "SIGKILL");
};
const store: ThreadStore = {
  ...opened,
  async append(...args) {
    appends += 1;
    const nth = appends;
    dieAt(nth, "before");
    const outcome = await opened.append(...args);
    dieAt(nth, "after");
    return outcome;
  },
};
const timing = { claimMs: 400, sweepMs: 60 } as const;

async function handOver(how: Handover): Promise<Runtime> {
  const agents = delegatingFamily(how, (key) => appendFileSync(beside, `${key}\n`, { flush: true }));
  const runtime = createRuntime({ agents, store, ...timing });
  runtime.start();
  const input = { message: "go", from: verifiedBy("terminal", "ada") };
  const { threadId } = await runtime.launch({ agent: "boss", input, once: "go" });
  await answerAll(runtime, threadId, OVER[how]);
  // Whom the parent waited for has yet to note that it has been told.
  await untilAll(runtime, ["finished", "cancelled"]);
  return runtime;
}

async function untilAll(runtime: Runtime, ends: readonly string[]): Promise<void> {
  for (;;) {
    const { threads } = await runtime.list({});
    const states = await Promise.all(threads.map(({ threadId }) => runtime.get(threadId)));
    if (
      states.every(
        ({ state }) => ends.includes(state.status.kind) && (state.parent === null || state.parentTold),
      )
    )
      return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A mail that asks for what two managers must agree to. */
async function answerMail(): Promise<Runtime> {
  const { choice: model } = await startOfflineModel();
  const { support } = makeDemoShop(beside, () => "2026-11-26");
  const people = { mia: ["*:mia"], max: ["*:max"], ann: ["*:ann@example.com"] };
  const runtime = createRuntime({ agents: [support], store, model, people, ...timing });
  runtime.start();
  const from = verifiedBy("email", "ann@example.com");
  const text = "I would like a refund of A-1003. In future call me on the phone, please.";
  const input = mailInput({ from, subject: "My order", text });
  const { threadId } = await runtime.launch({ agent: "support", input, once: "mail" });
  while (await approve(runtime, threadId)) {}
  return runtime;
}

/** Lets the next manager approve; false once the thread has ended. */
async function approve(runtime: Runtime, threadId: ThreadId): Promise<boolean> {
  const { state } = await runtime.settled(threadId);
  const { request } = state;
  if (request?.type !== "approval") return state.ended === null;
  const manager = verifiedBy("web", request.approvedBy.length === 0 ? "mia" : "max");
  const response = { decision: { kind: "approved" }, digest: request.digest } as const;
  await runtime.respond(requestIdOf(threadId, request.seq), response, manager).catch((error: unknown) => {
    if (!TwelvefoldError.isInstance(error) || error.code !== "conflict") throw error;
  });
  return true;
}

const isHandover = (name: string): name is Handover => Object.hasOwn(OVER, name);
const runtime = isHandover(work) ? await handOver(work) : await answerMail();
await runtime.stop();
await opened.close();
process.exit(0);
