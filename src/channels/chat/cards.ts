import { z } from "zod";
import type { ThreadId } from "../../base/ids.ts";
import type { ChannelValues } from "../../humans/channel.ts";
import type { HumanRequest } from "../../humans/request.ts";
import type { PostedMessage } from "./platform.ts";
import { shortValue, writeValue } from "./request-message.ts";

/** Cards that were posted about a request, so that they can be brought up to date, and so that only they can decide. */
const schema = z.array(
  z.object({ team: z.string(), channel: z.string(), id: z.string(), notice: z.string() }),
);
export type PostedCard = z.infer<typeof schema>[number];

const MAX_TRIES = 20;

export function createCards(name: string) {
  const valueKey = (short: string) => `chat:${name}:value:${short}`;
  const keyOf = (requestId: string) => `chat:${name}:cards:${requestId}`;
  const strayKey = (requestId: string) => `chat:${name}:strays:${requestId}`;
  const readText = (text: string | undefined): readonly PostedCard[] =>
    text === undefined ? [] : schema.parse(JSON.parse(text));
  return {
    async read(requestId: string, values: ChannelValues): Promise<readonly PostedCard[]> {
      return readText(await values.getValue(keyOf(requestId)));
    },
    async add(
      requestId: string,
      card: PostedCard,
      { values, about }: { readonly values: ChannelValues; readonly about: ThreadId },
    ): Promise<void> {
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const text = await values.getValue(keyOf(requestId));
        const cards = JSON.stringify([...readText(text), card]);
        if (await values.setValue(keyOf(requestId), cards, text, { about })) return;
      }
      throw new Error(`the card of ${requestId} could not be noted down`);
    },
    /** Notes down that there may be cards of the request which nobody knows: somebody may have posted one, and not lived to note it. */
    async expectStrays(requestId: string, values: ChannelValues, about: ThreadId): Promise<void> {
      await values.setValue(strayKey(requestId), "1", undefined, { about });
    },
    async mayHaveStrays(requestId: string, values: ChannelValues): Promise<boolean> {
      return (await values.getValue(strayKey(requestId))) !== undefined;
    },
    /** Notes down what the short value on a card's buttons stands for. */
    async noteValue(request: HumanRequest, values: ChannelValues): Promise<void> {
      const key = valueKey(shortValue(request));
      // The same value is noted down already if this is done again.
      await values.setValue(key, writeValue(request), undefined, { about: request.threadId });
    },
    findValue: (short: string, values: ChannelValues): Promise<string | undefined> =>
      values.getValue(valueKey(short)),
  };
}

export type Cards = ReturnType<typeof createCards>;

/** Whether this is one of the cards. */
export function isAmong(cards: readonly PostedCard[], { team, channel, id }: PostedMessage): boolean {
  return cards.some((card) => card.team === team && card.channel === channel && card.id === id);
}
