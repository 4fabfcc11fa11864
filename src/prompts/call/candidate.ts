import type { BamlFunction } from "../baml/generated-client.ts";
import { hasAwsChain } from "../models/client-registry.ts";
import type { ModelClient } from "../types.ts";
import type { Candidate } from "./ask.ts";
import { attempt } from "./attempt.ts";
import { doesNotCount, type PrepareOptions, prepare } from "./prepare.ts";

/** A client with the request for it. A server that does not know how to count a stream's tokens is asked without. */
export async function candidateFor(
  fn: BamlFunction,
  args: readonly unknown[],
  client: ModelClient | undefined,
  options: PrepareOptions,
): Promise<Candidate> {
  if (client !== undefined && hasAwsChain(client)) {
    const { nativeAttempt } = await import("./native-call.ts");
    return { client: client.name, attempt: (how) => nativeAttempt(fn, args, client, options.tb, how) };
  }
  let request = await prepare(fn, args, client, options);
  return {
    client: request.client,
    async attempt(how) {
      const outcome = await attempt(request, how);
      if (outcome.kind === "replied" || outcome.mayRefuseUsage !== true) return outcome;
      const plain = request.withoutUsage();
      if (plain === undefined) return outcome;
      request = plain;
      const second = await attempt(request, how);
      if (second.kind === "replied") doesNotCount(client ?? fn);
      return second;
    },
  };
}
