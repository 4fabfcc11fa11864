import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { parseRequestId, parseThreadId, type ThreadId } from "../../base/ids.ts";
import { canonicalJson, toJson } from "../../base/json.ts";
import type { ChannelValues } from "../../humans/channel.ts";
import type { HumanRequest } from "../../humans/request.ts";

/** What a reply address stands for. */
export interface ReplyAddress {
  readonly threadId: ThreadId;
  /** Who was written to: nobody else may use it. */
  readonly to: string;
  /** The request that the mail was about; `null` for any other mail. */
  readonly requestId: string | null;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

const record = z.object({
  threadId: z.string(),
  to: z.string(),
  requestId: z.string().nullable(),
  expiresAt: z.number(),
});

/** What is signed in mails: who may reply to what, and until when. `name`: the channel's. */
export function createSigner(secret: string, name: string) {
  const sign = (kind: string, ...parts: readonly string[]): Buffer =>
    createHmac("sha256", secret)
      .update(JSON.stringify([kind, name, ...parts]))
      .digest();
  const keyOf = (address: ReplyAddress) =>
    sign("reply", canonicalJson(toJson(address)))
      .toString("hex")
      .slice(0, 26);
  const markOf = (id: string, to: string) => sign("message", id, to).toString("hex").slice(0, 26);
  return {
    /** Makes the key of a reply address, and keeps what it stands for until it expires. */
    async issue(address: ReplyAddress, values: ChannelValues): Promise<string> {
      const key = keyOf(address);
      const { expiresAt, threadId: about } = address;
      await values.setValue(`email:${name}:reply:${key}`, JSON.stringify(address), undefined, {
        expiresAt,
        about,
      });
      return key;
    },

    /** What a key stands for; `undefined` if it was never made here, or what it stands for was changed. */
    async open(key: string, values: ChannelValues): Promise<ReplyAddress | undefined> {
      const text = await values.getValue(`email:${name}:reply:${key}`);
      const parsed = record.safeParse(text === undefined ? undefined : JSON.parse(text));
      if (!parsed.success) return undefined;
      const threadId = parseThreadId(parsed.data.threadId);
      if (threadId === undefined) return undefined;
      const address = { ...parsed.data, threadId };
      return isSame(keyOf(address), key) ? address : undefined;
    },

    /** The id of a mail: the same whenever this notice is sent to this person. */
    messageId: (id: string, to: string, domain: string) => `<${id}.${markOf(id, to)}@${domain}>`,

    /** The thread that one of these ids is about, if the mail with this id went to this person. */
    threadIn(messageIds: readonly string[], to: string): ThreadId | undefined {
      for (const messageId of messageIds.toReversed()) {
        const [, id = "", mark = ""] = /^<?([^@<>]+)\.([0-9a-f]{26})@[^@<>]+>?$/.exec(messageId) ?? [];
        if (id !== "" && isSame(markOf(id, to), mark)) return parseThreadId(id.split(".")[0] ?? "");
      }
      return undefined;
    },

    /** The code with which this person approves this version of the card. Nobody types one by accident. */
    code({ id, digest }: Pick<HumanRequest, "id" | "digest">, to: string): string {
      const bytes = sign("code", id, digest ?? "", to);
      const letters = Array.from(bytes.subarray(0, 8), (byte) => LETTERS[byte % LETTERS.length]).join("");
      return `${letters.slice(0, 4)}-${letters.slice(4)}`;
    },
  };
}

export type Signer = ReturnType<typeof createSigner>;

/** Letters and digits that nobody takes for one another. */
const LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ".replace(/[ILO]/g, "");

function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

/** The request that an id names, in a form that the runtime takes. */
export function requestIn(requestId: string | null) {
  return requestId === null ? undefined : parseRequestId(requestId);
}
