import { secretsOf } from "../http/redact.ts";
import type { ModelClient } from "../types.ts";

/** The secrets among a client's options, including its headers and query parameters. */
export function optionSecrets(client: ModelClient): string[] {
  return secretsOf("", Object.fromEntries(textsIn(client.options)));
}

function textsIn(options: object): [string, string][] {
  return Object.entries(options).flatMap(([name, value]): [string, string][] => {
    if (typeof value === "string") return [[name, value]];
    return typeof value === "object" && value !== null ? textsIn(value) : [];
  });
}
