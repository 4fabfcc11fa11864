import { Collector } from "@boundaryml/baml";
import { withDeadline } from "../../base/deadlines.ts";
import { sha256 } from "../../base/digest.ts";
import { checkRunTimeTypes } from "../baml/run-time-types.ts";
import type { BamlFunction, RunTimeTypes } from "../baml/types.ts";
import { redactText } from "../http/redact.ts";
import { registryOf } from "../models/client-registry.ts";
import { optionSecrets } from "../models/option-secrets.ts";
import type { ModelClient } from "../types.ts";
import { type Finish, readFinish } from "../wire/finish.ts";
import type { AttemptOptions, AttemptOutcome } from "./attempt.ts";
import { type Failure, failureOf, transient } from "./failure.ts";

/**
 * Asks through the generated call if the request cannot be built outside native code: for a Bedrock client whose
 * credentials come from AWS's own chain. The completion is then read again, with guard and gate. The price: the native
 * parser sees the completion before the guard does, and neither `Retry-After`, nor this package's time-outs, nor
 * partials work.
 * @see docs/prompts.md
 */
export async function nativeAttempt(
  fn: BamlFunction,
  args: readonly unknown[],
  { client, tb }: { readonly client: ModelClient; readonly tb: RunTimeTypes | undefined },
  { signal, timeouts, onText }: AttemptOptions,
): Promise<AttemptOutcome> {
  if (tb !== undefined) checkRunTimeTypes(tb);
  const collector = new Collector();
  // The native client has no time-outs for Bedrock: at least stop waiting for it.
  const late = new Error(`no sign of the whole answer within ${timeouts.total} ms`);
  let finish: Finish | undefined = { kind: "stop", reason: "stop" };
  try {
    const clientRegistry = registryOf(client);
    await withDeadline((until) => fn.call(args, { clientRegistry, collector, signal: until, tb }), {
      ms: timeouts.total,
      signal,
      timeUp: () => late,
    });
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (error === late) return { ...transient(late.message), again: false };
    const name = error instanceof Error ? error.constructor.name : "";
    // Whether it parsed does not matter: the completion is read again below.
    if (name === "BamlClientFinishReasonError") finish = finishOf(error);
    else if (name !== "BamlValidationError") return failure(error, client);
  }
  const log = collector.last;
  const text = log?.rawLlmResponse ?? "";
  const { inputTokens, outputTokens, cachedInputTokens } = log?.usage ?? {};
  const body = log?.calls.at(-1)?.httpRequest?.body.text() ?? "";
  if (finish === undefined || finish.kind === "failed") {
    return transient(`the provider broke off the answer (${finish?.reason ?? "no finish reason"})`);
  }
  onText?.(text);
  return {
    kind: "replied",
    reply: {
      text,
      finish: finish.kind,
      usage:
        typeof inputTokens === "number"
          ? { inputTokens, outputTokens: outputTokens ?? 0, cachedInputTokens: cachedInputTokens ?? 0 }
          : null,
    },
    validText: !text.includes("\ufffd"),
    requestDigest: sha256(body),
  };
}

function finishOf(error: unknown): Finish | undefined {
  const reason =
    typeof error === "object" && error !== null && "finish_reason" in error ? error.finish_reason : undefined;
  return readFinish(typeof reason === "string" ? reason : undefined);
}

function failure(error: unknown, client: ModelClient): Failure {
  const status =
    typeof error === "object" && error !== null && "status_code" in error ? Number(error.status_code) : 0;
  const text = error instanceof Error ? error.message : String(error);
  // Rust's debug output of the service's error holds the message, once or several times.
  const said = /message: Some\(\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? text.split("\n", 1)[0] ?? "";
  const secrets = optionSecrets(client);
  // Lower numbers are BAML's own, for failures before there was an answer.
  if (status >= 400) return failureOf(status, { message: said }, secrets);
  return transient(
    redactText(`${status || "failed:"} ${said.slice(0, 500)}`, secrets),
    status < 100 ? undefined : status,
  );
}
