import { z } from "@hono/zod-openapi";
import { type Json, toJson } from "../base/json.ts";
import { STATUS_KINDS } from "../thread/state.ts";

/** Any JSON value. The body has been through `JSON.parse`, so this only gives it its type. */
export const jsonSchema = z
  .unknown()
  .transform((value): Json => toJson(value))
  .openapi({ description: "Any JSON value" });

export const principalSchema = z
  .object({ channel: z.string(), id: z.string(), name: z.string().optional() })
  .openapi("Principal");

export const statusKindSchema = z.enum(STATUS_KINDS).openapi("StatusKind");

export const threadSummarySchema = z
  .object({
    threadId: z.string(),
    agent: z.string(),
    status: statusKindSchema,
    title: z.string().openapi({ description: "One line: the latest message, question or result" }),
    subject: z.string().openapi({ description: "One line that stays the same: what the thread is about" }),
    requester: z.union([principalSchema, z.null()]).openapi({ description: "Who asked first" }),
    tokens: z.number().openapi({ description: "Tokens used, with those of children that have ended" }),
    seq: z.number().int().openapi({ description: "Number of the last event" }),
    createdAt: z.string(),
    updatedAt: z.string(),
    pendingRequest: z
      .string()
      .nullable()
      .openapi({ description: "Id of the request that waits for a person" }),
    awaitedEvent: z.string().nullable(),
    parentThreadId: z.string().nullable(),
  })
  .openapi("ThreadSummary");

export const threadPageSchema = z.object({
  threads: z.array(threadSummarySchema),
  hits: z
    .array(z.object({ threadId: z.string(), seq: z.number().int(), text: z.string() }))
    .openapi({ description: "With `search`: the event by which a thread was found, and the words around" }),
  unindexed: z.number().int().openapi({
    description:
      "With `search`: older threads that are not found yet by all they say, counted up to 1,000; else 0",
  }),
  unreadable: z
    .array(z.object({ threadId: z.string(), problem: z.string() }))
    .openapi({ description: "Threads of this page whose row in the store is damaged" }),
  next: z.string().nullable(),
});

export const eventSchema = z
  .object({
    seq: z.number().int(),
    at: z.string(),
    type: z.string(),
    v: z.number().int(),
    data: z.unknown(),
  })
  .openapi("ThreadEvent");

const requestOptionsSchema = z.object({
  urgency: z.enum(["low", "medium", "high"]).optional(),
  format: z.enum(["free_text", "yes_no", "multiple_choice"]).optional(),
  choices: z.array(z.string()).optional(),
});

const reasonSchema = z
  .discriminatedUnion("kind", [
    z.object({ kind: z.literal("policy"), because: z.string().optional() }),
    z.object({ kind: z.literal("faulty_policy"), fault: z.string() }),
    z.object({ kind: z.literal("untrusted"), sources: z.array(z.string()).readonly() }),
    z.object({ kind: z.literal("judge"), reason: z.string() }),
    z.object({ kind: z.literal("doubtful"), doubts: z.array(z.string()).readonly() }),
    z.object({ kind: z.literal("changed") }),
    z.object({ kind: z.literal("unknown_requester") }),
    z.object({ kind: z.literal("newer_input") }),
    z.object({ kind: z.literal("approver"), who: z.string() }),
    z.object({ kind: z.literal("look_alike"), names: z.array(z.string()).readonly() }),
    z.object({ kind: z.literal("other"), text: z.string() }),
  ])
  .openapi("ApprovalReason");

const failuresSchema = z
  .object({
    count: z.number().int(),
    latest: z.array(z.object({ at: z.string(), message: z.string() })).readonly(),
  })
  .openapi({ description: "The failures of steps like this one since one last succeeded" });

const inputsSchema = z
  .object({
    count: z.number().int(),
    latest: z
      .array(
        z.object({
          at: z.string(),
          from: z.union([principalSchema, z.null()]),
          text: z.string(),
          length: z.number().int(),
        }),
      )
      .readonly(),
  })
  .openapi({ description: "What requesters have sent since the model proposed the step" });

export const requestSchema = z
  .object({
    requestId: z.string(),
    threadId: z.string(),
    agent: z.string(),
    path: z
      .array(z.object({ threadId: z.string(), agent: z.string() }))
      .openapi({ description: "The threads that it works for: the topmost first, its parent last" }),
    type: z.enum(["question", "approval"]),
    kind: z.enum(["approval", "question", "escalation", "budget", "provider", "unknown_outcome", "version"]),
    urgency: z.enum(["low", "medium", "high"]),
    askedAt: z.string(),
    callId: z.string().nullable(),
    accepts: z.array(z.string()).openapi({
      description:
        "The kinds of decision that would be taken; those of which only some may make it, if you may",
    }),
    to: z
      .array(z.string())
      .nullable()
      .openapi({ description: "Who may decide or answer; null: anybody who is verified" }),
    mayDecide: z.boolean().openapi({ description: "Whether you may approve or answer now" }),
    why: z.array(z.string()).openapi({ description: "The reasons on the card in words, for people" }),
    question: z
      .object({
        kind: z.string(),
        question: z.string(),
        context: z.string().nullable(),
        options: requestOptionsSchema.nullable(),
      })
      .nullable(),
    approval: z
      .object({
        card: z.object({
          title: z.string(),
          intent: z.string(),
          arguments: z.unknown(),
          emphasis: z.array(z.string()).readonly().optional().openapi({
            description: "The fields that are decided on, the most important first",
          }),
          descriptions: z
            .record(z.string(), z.string())
            .optional()
            .openapi({ description: "What the prompt says of the fields" }),
          reasons: z.array(reasonSchema),
          preview: z.unknown(),
          said: z.object({ text: z.string(), length: z.number().int() }).optional().openapi({
            description: "What the model wrote beside the step: its beginning, and the length of it all",
          }),
          failures: failuresSchema.optional(),
          newer: inputsSchema.optional(),
          rejectOptions: z
            .record(z.string(), z.string())
            .optional()
            .openapi({ description: "Ready ways to deny it: the words that the agent reads, by name" }),
        }),
        digest: z
          .string()
          .openapi({ description: "Send it back with the decision: it names this version of the card" }),
        expiresAt: z.string().nullable(),
        approvers: z.array(z.string()).nullable().openapi({ description: "null: anybody who is verified" }),
        needed: z.number().int(),
        approvedBy: z.array(principalSchema),
        mayDecide: z.boolean().openapi({ description: "Whether you may decide now" }),
      })
      .nullable(),
  })
  .openapi("PersonRequest");

export const threadSchema = z
  .object({
    threadId: z.string(),
    agent: z.string(),
    status: z.object({ kind: statusKindSchema }).loose(),
    title: z.string(),
    seq: z.number().int(),
    startedAt: z.string(),
    requester: z.union([principalSchema, z.null()]),
    steps: z.number().int(),
    usage: z.object({ inputTokens: z.number(), outputTokens: z.number(), cachedInputTokens: z.number() }),
    request: z.union([requestSchema, z.null()]),
    below: z
      .array(requestSchema)
      .openapi({ description: "What threads that work for this one ask people, all the way down" }),
  })
  .openapi("Thread");

export const decisionSchema = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("approved"),
      editedStep: z
        .record(z.string(), jsonSchema)
        .optional()
        .openapi({ description: "The whole step with your changes, its intent included" }),
    }),
    z.strictObject({
      kind: z.literal("denied"),
      feedback: z.string().max(100_000).default(""),
      option: z.string().max(50).optional().openapi({
        description: "The name of one of the card's `rejectOptions`; feedback comes after its words",
      }),
    }),
    z.strictObject({ kind: z.literal("answered"), text: z.string().max(1_000_000) }),
    z.strictObject({ kind: z.literal("happened"), result: jsonSchema }),
    z.strictObject({ kind: z.literal("did_not_happen") }),
  ])
  .openapi("Decision");

export const responseBodySchema = z
  .object({
    decision: decisionSchema,
    digest: z
      .string()
      .optional()
      .openapi({ description: "For an approval: the digest of the card that was shown" }),
  })
  .openapi("PersonResponse");

export const launchSchema = z
  .object({
    agent: z.string().min(1).max(200),
    message: z.string().max(1_000_000).optional(),
    event: z
      .object({ name: z.string().min(1).max(200), payload: jsonSchema.optional() })
      .optional()
      .openapi({ description: "What happened, instead of a message" }),
  })
  .refine(({ message, event }) => (message === undefined) !== (event === undefined), {
    message: "give either a message or an event",
  })
  .openapi("Launch");

export const namedEventSchema = z
  .object({ name: z.string().min(1).max(200), payload: jsonSchema.optional() })
  .openapi("NamedEvent");

export const acceptedSchema = z
  .object({ threadId: z.string(), status: statusKindSchema, seq: z.number().int() })
  .openapi("Accepted");
