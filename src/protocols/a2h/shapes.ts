import { z } from "zod";

/* What programs send: the draft's bodies, as the clients of `humanlayer` write them. */

const id = z.string().min(1).max(200);
const text = z.string().max(100_000);
const option = z.object({ name: z.string().min(1).max(200) }).loose();
/** Its name is typed by people, and stands on buttons. */
const rejectOption = z
  .object({
    name: z.string().regex(/^[\w-]{1,50}$/, "has at most 50 letters, digits, _ and -"),
    title: text.nullish(),
    description: text.nullish(),
    prompt_fill: text.nullish(),
  })
  .loose();
const channel = z
  .object({
    slack: z
      .object({
        allowed_responder_ids: z
          .array(z.string().regex(/^[\w-]{1,100}$/))
          .min(1)
          .max(100)
          .nullish(),
      })
      .loose()
      // The client of `humanlayer` for Python writes `null` for whatever there is not.
      .nullish(),
  })
  .loose()
  .nullish();
export const contact = z.object({
  run_id: id,
  call_id: id,
  spec: z
    .object({
      msg: text.min(1),
      subject: text.nullish(),
      channel,
      response_options: z.array(option).max(50).nullish(),
      state: z.record(z.string(), z.unknown()).nullish(),
    })
    .loose(),
});
export const functionCall = z.object({
  run_id: id,
  call_id: id,
  spec: z
    .object({
      fn: z.string().min(1).max(500),
      kwargs: z.record(z.string(), z.unknown()),
      channel,
      reject_options: z
        .array(rejectOption)
        .max(20)
        .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, "has a name twice")
        .nullish(),
      state: z.record(z.string(), z.unknown()).nullish(),
    })
    .loose(),
});
export const contactStatus = z.object({ response: text }).loose();
export const callStatus = z
  .object({
    approved: z.boolean(),
    comment: text.nullish(),
    reject_option_name: z.string().max(200).nullish(),
    digest: z.string().nullish(),
  })
  .loose();
