import { afterEach, describe, expect, it } from "vitest";
import { defineAgent } from "../../src/agent/agent.ts";
import { requestIdOf } from "../../src/base/ids.ts";
import { type ScriptedModel, startScriptedModel } from "../../src/model/index.ts";
import { localModel } from "../../src/prompts/models/select-model.ts";
import { promptFunction } from "../../src/prompts/prompt-function.ts";
import { replayThread } from "../../src/replay/replay.ts";
import { askHuman, finish, tool } from "../../src/steps/steps.ts";
import type { Thread } from "../../src/thread/thread.ts";
import { b } from "../prompts/baml_client/index.ts";
import { ada, approvalOf, bob, eventsOf, testRuntime } from "../runtime/harness.ts";

const REFUND = '{"intent":"refund","order_id":"A1","amount":40}';
const OTHER = '{"intent":"refund","order_id":"A1","amount":20}';
const DONE = '{"intent":"done_for_now","message":"over"}';

const models: ScriptedModel[] = [];
afterEach(async () => {
  for (const model of models.splice(0)) await model.close();
});

interface Settings {
  readonly accepts?: "exact" | "doubtful";
  readonly approval?: "always";
  readonly readOnly?: boolean;
  readonly echoRefused?: boolean;
}

async function office(answers: readonly string[], { echoRefused = false, ...options }: Settings = {}) {
  const model = await startScriptedModel(answers);
  models.push(model);
  const refunded: number[] = [];
  const agent = defineAgent(promptFunction(b, "NextStep", { bamlFiles: undefined }), {
    name: "office",
    context: { echoRefused },
    steps: {
      refund: tool(({ amount }) => void refunded.push(amount), options),
      search: tool(() => [], { readOnly: true }),
      send_mail: tool(() => "sent"),
      transfer: tool(() => "done"),
      request_more_information: askHuman(({ message }) => message),
      done_for_now: finish(({ message }) => message),
    },
  });
  const runtime = testRuntime({ agents: [agent], model: localModel("scripted", model.url) });
  const { threadId } = await runtime.launch({
    agent: "office",
    input: { message: "A1 is broken", from: ada },
  });
  const thread = await runtime.settled(threadId);
  const decide = async (at: Thread, kind: "approved" | "denied") => {
    const { seq, digest } = approvalOf(at);
    const decision = kind === "approved" ? ({ kind } as const) : ({ kind, feedback: "no" } as const);
    await runtime.respond(requestIdOf(threadId, seq), { decision, digest }, bob);
    return runtime.settled(threadId);
  };
  return {
    thread,
    refunded,
    agent,
    decide,
    asked: () => model.requests.map(({ messages }) => messages.at(-1)?.text ?? ""),
  };
}

/** What models write when they do not mean it, or not now, or not so. */
const NOT_MEANT: readonly (readonly [string, Readonly<Record<"en" | "de" | "ja", string>>])[] = [
  [
    "a refusal with an example",
    {
      en: `I cannot do that. A refund would look like this: ${REFUND}`,
      de: `Das darf ich nicht. Eine Erstattung sähe so aus: ${REFUND}`,
      ja: `それはできません。返金は次のようになります: ${REFUND}`,
    },
  ],
  [
    "a quotation",
    {
      en: `The customer's mail says: "Please answer with ${REFUND}"`,
      de: `In der Mail des Kunden steht: „Bitte antworte mit ${REFUND}“`,
      ja: `お客様のメールには「${REFUND} と答えてください」とあります。`,
    },
  ],
  [
    "a condition",
    {
      en: `As soon as the parcel is back:\n${REFUND}`,
      de: `Sobald das Paket zurück ist:\n${REFUND}`,
      ja: `荷物が戻り次第:\n${REFUND}`,
    },
  ],
  [
    "a question",
    {
      en: `${REFUND}\nAre you okay with that?`,
      de: `${REFUND}\nIst das in Ordnung für dich?`,
      ja: `${REFUND}\nこれでよろしいですか?`,
    },
  ],
  [
    "a retraction after the JSON",
    {
      en: `${REFUND}\nNo, forget that: the order was never paid.`,
      de: `${REFUND}\nNein, doch nicht: die Bestellung wurde nie bezahlt.`,
      ja: `${REFUND}\nいえ、取り消します。支払いはありませんでした。`,
    },
  ],
  [
    "a retraction in a comment",
    {
      en: `${REFUND} // No, forget that: the order was never paid.`,
      de: `${REFUND} // Nein, doch nicht: die Bestellung wurde nie bezahlt.`,
      ja: `${REFUND} // いえ、取り消します`,
    },
  ],
  [
    "a past step",
    {
      en: `Yesterday I answered ${REFUND} and the money was sent.`,
      de: `Gestern habe ich mit ${REFUND} geantwortet, und das Geld ging raus.`,
      ja: `昨日 ${REFUND} と答え、返金は済んでいます。`,
    },
  ],
  [
    "a draft and its correction",
    {
      en: `${REFUND}\nWait, half of it was used. Better:\n${OTHER}`,
      de: `${REFUND}\nMoment, die Hälfte ist verbraucht. Besser:\n${OTHER}`,
      ja: `${REFUND}\n待ってください、半分は使用済みです。訂正:\n${OTHER}`,
    },
  ],
];

const CASES = NOT_MEANT.flatMap(([what, texts]) =>
  Object.entries(texts).map(([language, text]) => [what, language, text] as const),
);

describe("a step that has effects and may not be meant", { tags: ["F4.8", "F4.10"] }, () => {
  it.each(CASES)("%s (%s) does not run unless the model commits to it", async (_, __, text) => {
    const { thread, refunded, asked } = await office([text, DONE]);
    expect(thread.state.status).toEqual({ kind: "finished", result: "over" });
    expect(refunded).toEqual([]);
    expect(eventsOf(thread, "step_refused").map(({ data }) => data.reason)).toEqual(["doubtful"]);
    const second = asked()[1] ?? "";
    expect(second).toContain("refund was not run: it is not clear that this is what you meant");
    expect(second).toContain("answer with its JSON alone");
  });

  it.each(CASES)("%s (%s) runs once the model gives the step alone", async (_, __, text) => {
    const { thread, refunded } = await office([text, REFUND, DONE]);
    expect([thread.state.status.kind, refunded]).toEqual(["finished", [40]]);
  });

  it.each(CASES)("%s (%s) a second time needs a person, who reads the model's words", async (_, __, text) => {
    const { thread, refunded, decide } = await office([text, text, DONE]);
    const { card } = approvalOf(thread);
    expect(card.reasons[0]?.kind).toBe("doubtful");
    const prose = text.replaceAll(REFUND, "").replaceAll(OTHER, "").split("\n").join("").trim();
    for (const word of prose.split(/\s+/)) expect(card.said?.text).toContain(word);
    expect(refunded).toEqual([]);
    await decide(thread, "denied");
    expect(refunded).toEqual([]);
  });

  it("the model reads its own words without the JSON, and not the answer that was refused", async () => {
    const { asked } = await office([`I would rather not. ${REFUND} Shall I?`, DONE]);
    const second = asked()[1] ?? "";
    expect(second).toContain("I would rather not. [JSON] Shall I?");
    expect(second).not.toContain(REFUND);
    expect(second).toContain("it has text beside the JSON");
    for (const code of ["repaired_syntax", "prose)", "several_objects"]) expect(second).not.toContain(code);
  });

  it("long words are cut for the model at 1,000 characters and on the card at 2,000; the card says how many there were", async () => {
    const long = `${"never ".repeat(1_000)}${REFUND}`;
    const { thread, asked } = await office([long, long, DONE]);
    const quoted = /never [^\n]*/.exec(asked()[1] ?? "")?.[0] ?? "";
    expect(quoted.length).toBeLessThanOrEqual(1_000);
    const { said } = approvalOf(thread).card;
    expect([said?.text.length, said?.length]).toEqual([2_000, 6_006]);
  });

  it("both of several values stand on the card, so that a draft can be told from its correction", async () => {
    const text = `${REFUND}\nNo:\n${OTHER}`;
    const { thread } = await office([text, text, DONE]);
    expect(approvalOf(thread).card.said?.text).toBe(text);
  });

  it("what the call does not hold of an answer stands on its card: a second fence, a field, a comment", async () => {
    for (const answer of [
      `\`\`\`json\n${REFUND}\n\`\`\`\n\`\`\`json\n${OTHER}\n\`\`\``,
      REFUND.replace("{", '{"note":"do NOT run this",'),
      REFUND.replace("}", " /* only if she insists */}"),
      `\`\`\`example\n${REFUND}\n\`\`\``,
    ]) {
      const { thread } = await office([answer], { approval: "always" });
      expect(approvalOf(thread).card.said?.text).toBe(answer.replace(/(?<=example\n).*/, "[JSON]"));
    }
  });

  it("a step that a person must approve anyway is not asked about again: the words stand on its card", async () => {
    const { thread, asked, decide, refunded } = await office([`Only if you insist: ${REFUND}`, DONE], {
      approval: "always",
    });
    expect(asked()).toHaveLength(1);
    const { card } = approvalOf(thread);
    expect(card.reasons.map(({ kind }) => kind)).toEqual(["policy", "doubtful"]);
    expect(card.said).toEqual({ text: "Only if you insist: [JSON]", length: 26 });
    await decide(thread, "approved");
    expect(refunded).toEqual([40]);
  });

  it("JSON alone, in a fence or not, has no words; other words change the digest", async () => {
    const bare = await office([`\`\`\`json\n${REFUND}\n\`\`\``], { approval: "always" });
    expect(approvalOf(bare.thread).card).not.toHaveProperty("said");
    const digests = new Set<string>();
    for (const words of ["", "Gladly: ", "Reluctantly: "]) {
      const { thread } = await office([words + REFUND], { approval: "always" });
      digests.add(approvalOf(thread).digest);
    }
    expect(digests.size).toBe(3);
  });

  it("a recording of it replays to the same events", { tags: "F12.3" }, async () => {
    for (const answers of [
      [`If you like: ${REFUND}`, `${REFUND} Shall I?`, DONE],
      [`${REFUND}\nNo:\n${OTHER}`, OTHER, DONE],
    ]) {
      const { thread, agent } = await office(answers);
      expect((await replayThread(thread, agent)).events).toEqual(thread.events);
    }
  });

  it("what only reads runs whatever the grade, unless it says that it wants more", async () => {
    const text = `Perhaps ${REFUND} or so`;
    const reads = await office([text, DONE], { readOnly: true });
    expect(reads.refunded).toEqual([40]);
    const strict = await office([text, REFUND, DONE], { readOnly: true, accepts: "exact" });
    expect(strict.asked()).toHaveLength(3);
    const loose = await office([text, DONE], { accepts: "doubtful" });
    expect(loose.refunded).toEqual([40]);
  });

  it("an answer that could not be used is not shown to the model again, unless the agent asks for it", async () => {
    const { asked } = await office(["I shall think about it.", DONE]);
    expect(asked()[1]).toContain("step_refused");
    expect(asked()[1]).not.toContain("I shall think about it.");
    const echoing = await office(["I shall think about it.", DONE], { echoRefused: true });
    expect(echoing.asked()[1]).toContain("I shall think about it.");
  });
});
