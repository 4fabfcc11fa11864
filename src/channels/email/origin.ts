import { z } from "zod";

/** The mail that a thread began with, as its replies need it: the address of `via`. */
export interface Origin {
  readonly to: string;
  readonly subject: string;
  readonly messageId: string;
}

const schema = z.object({ to: z.string(), subject: z.string(), messageId: z.string() });

export function writeOrigin({ to, subject, messageId }: Origin): string {
  return JSON.stringify({ to, subject, messageId });
}

/** Also a plain address, as code that launches a thread may give it. */
export function readOrigin(address: string): Origin {
  try {
    return schema.parse(JSON.parse(address));
  } catch {
    return { to: address, subject: "", messageId: "" };
  }
}
