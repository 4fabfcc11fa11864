import { withDeadline } from "../../base/deadlines.ts";
import type { BamlFunction } from "../baml/types.ts";
import { ProviderUnavailableError } from "../errors.ts";
import { hasAwsChain } from "../models/client-registry.ts";
import type { ModelClient } from "../types.ts";
import type { ReadyClient } from "./ask.ts";
import { type AttemptOptions, attempt } from "./attempt.ts";
import { transient } from "./failure.ts";
import { doesNotCount, type PrepareOptions, prepare } from "./prepare.ts";
import type { Prepared } from "./prepared-request.ts";

/**
 * Prepares the request for a client. Does not ask for a stream's token counts if the server is known to refuse that.
 */
export async function prepareClient(
  fn: BamlFunction,
  args: readonly unknown[],
  client: ModelClient | undefined,
  options: PrepareOptions,
): Promise<ReadyClient> {
  if (client !== undefined && hasAwsChain(client)) {
    const { nativeAttempt } = await import("./native-call.ts");
    return {
      client: client.name,
      attempt: (how) => nativeAttempt(fn, args, { client, tb: options.tb }, how),
    };
  }
  let request: Prepared | undefined;
  return {
    get client() {
      return request?.client ?? client?.name ?? fn.name;
    },
    async attempt(how) {
      try {
        request ??= await readyInTime(prepare(fn, args, client, options), how);
      } catch (error) {
        if (!(error instanceof ProviderUnavailableError)) throw error;
        return transient(error.message);
      }
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

/** Building a request may use the network inside native code that no signal reaches: at least the wait can end. */
function readyInTime(prepared: Promise<Prepared>, { timeouts, signal }: AttemptOptions): Promise<Prepared> {
  const ms = timeouts.firstToken;
  const message = `no sign of a token or an image for the request within ${ms} ms`;
  const timeUp = () => new ProviderUnavailableError(message, { client: "", attempts: [] });
  return withDeadline(() => prepared, { ms, signal, timeUp });
}
