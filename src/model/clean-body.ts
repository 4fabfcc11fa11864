import { isJsonArray, isJsonObject, type Json, readJson } from "../base/json.ts";
import { isSecretName } from "../base/secret-names.ts";
import { removeSecrets, replaceSecrets } from "../base/secret-patterns.ts";

/*
 * Bodies of requests and answers without what looks like a secret: keys of providers, tokens, passwords, card numbers, and
 * whatever a field holds whose name says so. A body without any stays as it is, byte for byte.
 */

/** A body as text: JSON, a stream of events, or anything else. */
export function cleanBody(text: string): string {
  const json = readJson(text);
  if (json === undefined) return /^data:/m.test(text) ? cleanStream(text) : removeSecrets(text);
  // Google streams a list where no events are asked for.
  const parts = isJsonArray(json) ? json : [json];
  const cleaned = cleanParts(parts);
  if (areAlike(parts, cleaned)) return text;
  return JSON.stringify(isJsonArray(json) ? cleaned : cleaned[0]);
}

/** One value. The same again changes nothing more. */
export function cleanJson(json: Json): Json {
  if (typeof json === "string") return removeSecrets(json);
  if (isJsonArray(json)) return json.map(cleanJson);
  if (!isJsonObject(json)) return json;
  // The tokens of a language model are no secrets: `{ "token": "Hi", "logprob": -0.1 }`.
  const isToken = "logprob" in json;
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [
      name,
      !(isToken && name === "token") && isHeld(value) && isSecretName(name, value)
        ? REMOVED
        : cleanJson(value),
    ]),
  );
}

const REMOVED = "[secret removed]";

/** Whether a field holds something itself; a schema that names it does not. */
function isHeld(value: Json): boolean {
  return (typeof value === "string" && value !== "") || typeof value === "number";
}

function cleanStream(text: string): string {
  const lines = text.split("\n");
  const events = lines.map((line) =>
    line.startsWith("data:") ? readJson(line.slice("data:".length)) : undefined,
  );
  const read = events.flatMap((event) => event ?? []);
  const cleaned = cleanParts(read);
  let at = 0;
  return lines
    .map((line, index) => {
      const event = events[index];
      if (event === undefined) return removeSecrets(line);
      const clean = cleaned[at];
      at += 1;
      if (clean === undefined || areAlike([event], [clean])) return line;
      return `data: ${JSON.stringify(clean)}${line.endsWith("\r") ? "\r" : ""}`;
    })
    .join("\n");
}

/** The parts of one answer. A text comes in pieces: a secret may begin in one and end in another. */
function cleanParts(parts: readonly Json[]): readonly Json[] {
  const pieces = new Map<string, { readonly part: number; readonly text: string }[]>();
  for (const [part, json] of parts.entries()) {
    for (const [path, text] of textsIn(json)) {
      const list = pieces.get(path);
      if (list === undefined) pieces.set(path, [{ part, text }]);
      else list.push({ part, text });
    }
  }
  const changed = new Map<string, string>();
  for (const [path, list] of pieces) {
    if (list.length < 2) continue;
    const clean = cleanPieces(list.map(({ text }) => text));
    list.forEach(({ part, text }, at) => {
      const now = clean[at];
      if (now !== undefined && now !== text) changed.set(`${part} ${path}`, now);
    });
  }
  return parts.map((json, part) =>
    cleanJson(mapTexts(json, (path, text) => changed.get(`${part} ${path}`) ?? text)),
  );
}

/** What a secret spans is replaced in the piece in which it begins, and left out of those that follow. */
function cleanPieces(pieces: readonly string[]): readonly string[] {
  const whole = pieces.join("");
  const found: { readonly secret: string; readonly instead: string }[] = [];
  replaceSecrets(whole, (secret, kind) => {
    found.push({ secret, instead: `[${kind} removed]` });
    return secret;
  });
  const instead = new Map<number, string>();
  const hidden = new Uint8Array(whole.length);
  for (const one of found) {
    for (
      let at = whole.indexOf(one.secret);
      at >= 0;
      at = whole.indexOf(one.secret, at + one.secret.length)
    ) {
      if (hidden[at] === 0) instead.set(at, one.instead);
      hidden.fill(1, at, at + one.secret.length);
    }
  }
  let start = 0;
  return pieces.map((piece) => {
    let clean = "";
    for (let at = 0; at < piece.length; at += 1) {
      clean += instead.get(start + at) ?? (hidden[start + at] === 1 ? "" : piece[at]);
    }
    start += piece.length;
    return clean;
  });
}

/** Each text in a value with the way to it. */
function textsIn(json: Json, path = ""): [string, string][] {
  if (typeof json === "string") return [[path, json]];
  if (!isJsonArray(json) && !isJsonObject(json)) return [];
  return Object.entries(json).flatMap(([name, value]: [string, Json]) => textsIn(value, `${path}.${name}`));
}

function mapTexts(json: Json, change: (path: string, text: string) => string, path = ""): Json {
  if (typeof json === "string") return change(path, json);
  if (isJsonArray(json)) return json.map((one, at) => mapTexts(one, change, `${path}.${at}`));
  if (!isJsonObject(json)) return json;
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [name, mapTexts(value, change, `${path}.${name}`)]),
  );
}

function areAlike(before: readonly Json[], after: readonly Json[]): boolean {
  return JSON.stringify(before) === JSON.stringify(after);
}
