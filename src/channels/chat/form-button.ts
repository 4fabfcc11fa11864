import { z } from "zod";
import type { FormButton } from "./platform.ts";

/* The button that a form was opened with, as text that a platform keeps until the form comes back. */

const schema = z.object({
  team: z.string(),
  channel: z.string(),
  id: z.string(),
  action: z.string(),
  value: z.string(),
});

export function writeFormButton({ message: { team, channel, id }, action, value }: FormButton): string {
  return JSON.stringify({ team, channel, id, action, value });
}

/** `undefined` for anything that this has not written. */
export function readFormButton(text: string): FormButton | undefined {
  try {
    const { action, value, ...message } = schema.parse(JSON.parse(text));
    return { message, action, value };
  } catch {
    return undefined;
  }
}
