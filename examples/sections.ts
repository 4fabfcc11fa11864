// Sections: every document is read by a run of its own, all at once in the background; code checks each citation.
import { defineAgent, finish, type NextStepFunction, type Runtime, runAgent } from "../src/index.ts";

export type NotesStep = { intent: "notes"; quotes: string[] };
export type AnswerStep = { intent: "answer"; text: string; citations: { document: string; quote: string }[] };
type Prompt<Step> = NextStepFunction<[thread: string], Step>;
type Documents = ReadonlyMap<string, string>; // texts by name

export const sectionAgents = (read: Prompt<NotesStep>, write: Prompt<AnswerStep>, documents: Documents) => ({
  reader: defineAgent(read, { name: "reader", steps: { notes: finish(({ quotes }) => quotes) } }),
  editor: defineAgent(write, {
    name: "editor",
    steps: { answer: finish(({ text, citations }) => ({ text, citations }), { check: check(documents) }) },
  }),
});

/** An answer whose citations are not in the documents is refused: the model reads why, and tries again. */
const check = (documents: Documents) => (answer: AnswerStep) => {
  if (answer.citations.length === 0) return "an answer needs at least one citation";
  const wrong = answer.citations.find(
    ({ document, quote }) => quote === "" || !documents.get(document)?.includes(quote),
  );
  return wrong === undefined ? undefined : `"${wrong.quote}" is not in ${wrong.document}`;
};

type Options = { readonly documents: Documents; readonly runtime: Runtime; readonly id: string };
export async function answerFrom(
  { reader, editor }: ReturnType<typeof sectionAgents>,
  question: string,
  { documents, runtime, id }: Options,
) {
  const run = { runtime, source: "documents" }; // what they say is not to be trusted
  const reading = Array.from(documents, async ([document, text]) => {
    const quotes = await runAgent(reader, { question, text }, { ...run, id: `${id}:${document}` });
    return { document, quotes };
  });
  const found = { question, notes: await Promise.all(reading) };
  return runAgent(editor, found, { ...run, id: `${id}:answer` });
}
