import { createHmac } from "node:crypto";
import { z } from "zod";
import type { ChannelValues } from "../../humans/channel.ts";
import type { HumanRequest } from "../../humans/request.ts";

/** What a code stands for. */
const schema = z.object({ request: z.string(), digest: z.string().nullable() });
export type CodeMeaning = z.infer<typeof schema>;

/** Letters and digits that nobody takes for one another. */
const LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";
const LENGTH = 6;
export const CODE = new RegExp(`^[${LETTERS}]{${LENGTH}}$`);
const CODE_MS = 7 * 86_400_000;
/** After so many wrong codes from a number within an hour, none of it is looked at. */
const MAX_WRONG = 5;
const WRONG_MS = 3_600_000;
const MAX_TRIES = 10;

/** Codes that show that somebody has received the very message: the number that a text comes from can be forged. */
export function createCodes(secret: string, name: string) {
  const keyOf = (number: string, code: string) => `sms:${name}:code:${number}:${code}`;
  const codeFor = ({ request, digest }: CodeMeaning, number: string): string => {
    const bytes = createHmac("sha256", secret)
      .update(JSON.stringify([name, request, digest, number]))
      .digest();
    return Array.from(bytes.subarray(0, LENGTH), (byte) => LETTERS[byte % LETTERS.length]).join("");
  };
  return {
    async issue(
      { id, digest, threadId }: HumanRequest,
      number: string,
      { values, now }: { readonly values: ChannelValues; readonly now: number },
    ): Promise<string> {
      const meaning: CodeMeaning = { request: id, digest };
      const code = codeFor(meaning, number);
      const until = { expiresAt: now + CODE_MS, about: threadId };
      await values.setValue(keyOf(number, code), JSON.stringify(meaning), undefined, until);
      return code;
    },

    /** What a code that was sent to this number stands for; `undefined` if none was, or after too many wrong ones. */
    async open(
      code: string,
      number: string,
      { values, now }: { readonly values: ChannelValues; readonly now: number },
    ): Promise<CodeMeaning | undefined> {
      const wrongKey = `sms:${name}:wrong:${number}`;
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const noted = await values.getValue(wrongKey);
        const { count, until } = wrongSchema.catch({ count: 0, until: 0 }).parse(JSON.parse(noted ?? "{}"));
        const wrong = until > now ? count : 0;
        if (wrong >= MAX_WRONG) return undefined;
        const meaning = schema.safeParse(JSON.parse((await values.getValue(keyOf(number, code))) ?? "null"));
        if (meaning.success && codeFor(meaning.data, number) === code) return meaning.data;
        const next = JSON.stringify({ count: wrong + 1, until: now + WRONG_MS });
        if (await values.setValue(wrongKey, next, noted, { expiresAt: now + WRONG_MS })) return undefined;
      }
      return undefined;
    },
  };
}

const wrongSchema = z.object({ count: z.number(), until: z.number() });

export type Codes = ReturnType<typeof createCodes>;
