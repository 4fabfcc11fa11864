import type { CompletionRecord } from "../../base/completion.ts";
import { type FidelityReason, fidelityOf } from "../../base/fidelity.ts";
import { readReturnType, UNKNOWN, widthOf } from "../baml/declared-type.ts";
import { NO_ENUMS, readEnums } from "../baml/enums.ts";
import { readIntents } from "../baml/intents.ts";
import { isPlain } from "../baml/plain-source.ts";
import { checkRunTimeTypes } from "../baml/run-time-types.ts";
import { type BamlFiles, NO_ALIASES, readAliases } from "../baml/source.ts";
import { readStepFields } from "../baml/step-fields.ts";
import type { BamlFunction, RunTimeTypes } from "../baml/types.ts";
import type { Answer } from "../types.ts";
import type { ModelReply } from "../wire/wire.ts";
import { costOf } from "./allowance.ts";
import type { ProseMode } from "./form.ts";
import { learnIntents } from "./intents.ts";
import type { AnswerLimits } from "./limits.ts";
import { readCompletion } from "./read-completion.ts";
import { type ReadTools, type ReadValue, resultKind } from "./reading.ts";
import { LONGEST_AS_IT_IS } from "./stand-ins.ts";
import { EACH_TRY, triesOf } from "./tries.ts";

/** The value that a function gives, made when it is first asked for. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

interface ReaderOptions {
  readonly limits: Required<AnswerLimits>;
  readonly prose: ProseMode;
  readonly bamlFiles: (() => BamlFiles) | undefined;
}

/** A reply as it was received. */
interface Received {
  readonly reply: ModelReply;
  readonly completion: CompletionRecord;
  /** Its bytes were valid UTF-8. */
  readonly validText: boolean;
}

/** How the replies of one function become answers. What is learned about the function is kept for later replies. */
export function completionReader(
  fn: BamlFunction,
  { limits, prose, bamlFiles }: ReaderOptions,
): (received: Received, tb: RunTimeTypes | undefined) => Answer<unknown> {
  let learned: Pick<ReadTools, "kind" | "intents"> | undefined;
  const files = bamlFiles && once(bamlFiles);
  const aliases = once(() => (files === undefined ? NO_ALIASES : readAliases(files())));
  const enums = once(() => (files === undefined ? NO_ENUMS : readEnums(files())));
  const plain = once(() => files !== undefined && isPlain(files(), fn.name));
  const declared = once(() => (files === undefined ? UNKNOWN : readReturnType(files(), fn.name)));
  return ({ reply, completion, validText }, tb) => {
    if (reply.finish === "length") return { ok: false, reason: "cut_off", message: CUT_OFF, completion };
    if (reply.finish === "filtered") {
      return { ok: false, reason: "content_filtered", message: CONTENT_FILTERED, completion };
    }
    if (tb !== undefined) checkRunTimeTypes(tb);
    const parse = (text: string) => fn.parse(text, { tb });
    learned ??= {
      kind: resultKind(parse),
      // An item of a list that does not fit is dropped without an error to learn from; here the files tell the
      // intents.
      intents: learnIntents(parse) ?? (files === undefined ? undefined : readIntents(files(), fn.name)),
    };
    const { kind, intents } = learned;
    // What is added at run time may have constraints too, and what is not plain is not known.
    const constrained = () => tb !== undefined || !plain();
    const reading = readCompletion(reply.text, {
      parse,
      aliases,
      enums,
      stepFields: () => (files === undefined ? undefined : readStepFields(files(), fn.name)),
      constrained,
      returns: () => (constrained() ? UNKNOWN : declared()),
      costOf: (value: unknown) =>
        Math.max(
          costOf(value, {
            width: Math.max(intents?.length ?? 1, widthOf(declared())),
            longest: constrained() ? limits.maxCharacters : LONGEST_AS_IT_IS,
          }),
          EACH_TRY * triesOf(value, declared()),
        ),
      limits,
      prose,
      kind,
      intents,
    });
    if (!reading.ok) return { ok: false, reason: reading.reason, message: reading.message, completion };
    const { values, said } = reading;
    const [first, ...more] = values;
    const doubts = doubtsOf(reply, validText);
    return {
      ok: true,
      ...judge(first, doubts),
      more: more.map((read) => judge(read, doubts)),
      said,
      completion,
    };
  };
}

/** What casts doubt on the completion as a whole, regardless of its content. */
function doubtsOf({ finish }: ModelReply, validText: boolean): readonly FidelityReason[] {
  return [
    ...(validText ? [] : ["invalid_text" as const]),
    ...(finish === "unknown" ? ["unknown_finish" as const] : []),
  ];
}

function judge({ value, reasons }: ReadValue, doubts: readonly FidelityReason[]) {
  return { value, fidelity: fidelityOf(new Set([...reasons, ...doubts])) };
}

const CUT_OFF =
  "The answer was cut off at the token limit. Answer again, shorter, with one complete JSON value.";
const CONTENT_FILTERED =
  "The provider's content filter stopped the answer. Answer again without the filtered content.";

/** What refusals say that the end of a completion decides, whatever its text is. */
export const BY_ITS_END: readonly string[] = [CUT_OFF, CONTENT_FILTERED];
