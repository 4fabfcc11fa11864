import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Usage } from "../../base/completion.ts";
import { digestOf } from "../../base/digest.ts";
import { isJsonObject, type Json } from "../../base/json.ts";
import { makeFolder } from "../../base/make-folder.ts";
import { checkNames } from "../../base/options.ts";
import type { PreparedRequest } from "../../prompts/types.ts";

/** A model's answer as it is kept. */
export interface KeptAnswer {
  readonly client: string;
  /** The text exactly as the model wrote it. */
  readonly raw: string;
  readonly usage: Usage | null;
  readonly durationMs: number;
}

/** Answers by request: the same request need not be paid for twice. */
export interface AnswerCache {
  /** The answer to a request; `sample` counts from 0 where the same request is made several times. */
  get(request: PreparedRequest, sample: number): KeptAnswer | undefined;
  put(request: PreparedRequest, sample: number, answer: KeptAnswer): void;
}

/** The version of the files. */
const VERSION = 1;

/**
 * Keeps each answer in a file of its own, named by the digest of address, client and body of the request; a file holds the
 * answer, never the request's headers. What cannot be read counts as not there. `fresh`: nothing is read, but what is put
 * replaces what was there.
 *
 * An answer that holds a credential of its request is not kept: some servers echo what they are sent.
 */
export function openAnswerCache(
  folder: string,
  options: { readonly fresh?: boolean | undefined } = {},
): AnswerCache {
  checkNames("openAnswerCache", { fresh: true }, options);
  const { fresh = false } = options;
  return {
    get: (request, sample) => (fresh ? undefined : read(pathOf(folder, request, sample))),
    put(request, sample, answer) {
      if (credentialsOf(request).some((secret) => answer.raw.includes(secret))) return;
      const path = pathOf(folder, request, sample);
      makeFolder(dirname(path));
      // Whole or not at all, whoever else writes it.
      const temporary = `${path}.${process.pid}.tmp`;
      writeFileSync(temporary, `${JSON.stringify({ v: VERSION, ...answer }, null, 2)}\n`);
      renameSync(temporary, path);
    },
  };
}

function pathOf(folder: string, { client, redactedUrl, digest }: PreparedRequest, sample: number): string {
  const key = digestOf({ v: VERSION, client, url: redactedUrl, body: digest, sample });
  return join(folder, key.slice(0, 2), `${key}.json`);
}

function credentialsOf({ headers, redactedHeaders }: PreparedRequest): string[] {
  return (
    Object.entries(headers)
      .filter(([name, value]) => redactedHeaders[name] !== value)
      .map(([, value]) => value.replace(/^(?:Bearer|Basic)\s+/i, ""))
      // Shorter ones are placeholders such as `none`, and words of any text.
      .filter((secret) => secret.length >= 8)
  );
}

function read(path: string): KeptAnswer | undefined {
  let json: Json;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
  if (!isJsonObject(json) || json["v"] !== VERSION) return undefined;
  const { client, raw, durationMs, usage } = json;
  if (typeof client !== "string" || typeof raw !== "string" || typeof durationMs !== "number")
    return undefined;
  return { client, raw, durationMs, usage: readUsage(usage) };
}

function readUsage(json: Json | undefined): Usage | null {
  if (json === undefined || !isJsonObject(json)) return null;
  const { inputTokens, outputTokens, cachedInputTokens } = json;
  if (typeof inputTokens !== "number" || typeof outputTokens !== "number") return null;
  return {
    inputTokens,
    outputTokens,
    cachedInputTokens: typeof cachedInputTokens === "number" ? cachedInputTokens : 0,
  };
}
