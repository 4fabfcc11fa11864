import type { Context } from "hono";
import { RequestError } from "./errors.ts";

/** Whether the body was sent by a browser's form. */
export function isForm(c: Context): boolean {
  return /^(application\/x-www-form-urlencoded|multipart\/form-data)/i.test(
    c.req.header("content-type") ?? "",
  );
}

/** The text fields of a posted form. Throws a `RequestError` 400 if the body is not a form. */
export async function formFields(c: Context): Promise<Readonly<Record<string, string>>> {
  const body = await c.req.parseBody().catch((cause: unknown) => {
    throw new RequestError(400, "the form is malformed", { cause });
  });
  const fields: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(body)) if (typeof value === "string") fields[name] = value;
  return fields;
}
