import pc from "picocolors";
import { z } from "zod";
import { UsageError } from "../../base/errors.ts";
import type { HumanRequest } from "../../humans/request.ts";
import { cardLines } from "../../present/card.ts";
import { visible } from "../../present/visible-text.ts";
import type { HumanDecision } from "../../thread/events.ts";

/** A question to the person behind a client: its words, and a form whose fields MCP can show. */
export interface Form {
  readonly message: string;
  readonly fields: Readonly<Record<string, FormField>>;
  readonly required: readonly string[];
}

type FormField =
  | { readonly type: "string"; readonly title: string; readonly enum: string[] }
  | { readonly type: "string"; readonly title: string; readonly maxLength: number };

/** What is not shown whole must not be decided: a longer card is left to the inbox. */
const MAX_SHOWN = 20_000;
const MAX_ANSWER = 100_000;
const plain = pc.createColors(false);

/** The request as a form; `undefined` if it can only be decided elsewhere. */
export function formOf({ asked, kind, accepts }: HumanRequest): Form | undefined {
  if (kind === "unknown_outcome") return undefined;
  if (asked.type === "approval") {
    const message = [`Approve ${visible(asked.card.intent)}?`, ...cardLines(asked, { colors: plain })].join(
      "\n",
    );
    return makeForm(
      message,
      { decision: choice("Decision", ["approve", "deny"]), feedback: words("Feedback") },
      ["decision"],
    );
  }
  const message = [asked.question, asked.context ?? ""].map(visible).filter(Boolean).join("\n\n");
  if (accepts.includes("approved")) {
    return makeForm(message, { decision: choice("Go on?", ["go on", "stop"]), answer: words("What to do") }, [
      "decision",
    ]);
  }
  const { format, choices = [] } = asked.options ?? {};
  const valid = format === "yes_no" ? ["yes", "no"] : format === "multiple_choice" ? [...choices] : [];
  return makeForm(message, { answer: valid.length > 0 ? choice("Answer", valid) : words("Answer") }, [
    "answer",
  ]);
}

function makeForm(message: string, fields: Form["fields"], required: readonly string[]): Form | undefined {
  return message.length > MAX_SHOWN ? undefined : { message, fields, required };
}

function choice(title: string, values: readonly string[]): FormField {
  return { type: "string", title, enum: [...values] };
}

function words(title: string): FormField {
  return { type: "string", title, maxLength: MAX_ANSWER };
}

const text = z.string().max(MAX_ANSWER);
const approval = z.object({ decision: z.enum(["approve", "deny"]), feedback: text.optional() });
const goingOn = z.object({ decision: z.enum(["go on", "stop"]), answer: text.optional() });
const answered = z.object({ answer: text });

/** What a filled form decides. It comes from a client: whatever is not exactly in the form is refused. Throws `UsageError`. */
export function decisionIn({ asked, accepts }: HumanRequest, content: unknown): HumanDecision {
  if (asked.type === "approval") {
    const { decision, feedback = "" } = parse(approval, content);
    return decision === "approve" ? { kind: "approved" } : { kind: "denied", feedback };
  }
  if (!accepts.includes("approved")) return { kind: "answered", text: parse(answered, content).answer };
  const { decision, answer = "" } = parse(goingOn, content);
  if (decision === "stop") return { kind: "denied", feedback: answer };
  return answer.trim() === "" ? { kind: "approved" } : { kind: "answered", text: answer };
}

function parse<T>(schema: z.ZodType<T>, content: unknown): T {
  const parsed = schema.safeParse(content);
  if (parsed.success) return parsed.data;
  const what = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
  throw new UsageError("invalid_argument", `the form was filled in wrongly: ${what}`);
}
