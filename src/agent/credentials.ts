import { UsageError } from "../base/errors.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../base/json.ts";
import type { JsonEvent } from "../context/redaction/stored-content.ts";
import type { Credential } from "../steps/definitions.ts";
import type { Principal } from "../thread/events.ts";
import type { Agent } from "./agent.ts";

/** Whose credential is wanted, and for what. */
export interface CredentialRequest {
  /** For whom the call runs: who asked last. `null` if nobody did (a schedule), or if it is not known who. */
  readonly requester: Principal | null;
  readonly agent: string;
  readonly signal: AbortSignal;
}

/**
 * Finds the credential of a requester: in a secret store, a session, the environment. `undefined` if they have none, and
 * the call fails. What it throws is told to nobody: say in your own logs what went wrong. At least 8 characters.
 */
export type CredentialSource = (
  request: CredentialRequest,
) => string | undefined | Promise<string | undefined>;

/** The sources of credentials by name: `{ github: ({ requester }) => vault.tokenOf(requester) }`. */
export type CredentialSources = Readonly<Record<string, CredentialSource>>;

/** The credentials of a run: found when a call begins, and known from then on, so that they can be kept out of events. */
export interface Credentials {
  /** Throws an error that names the credential and the requester, never more. */
  find(names: readonly string[], request: CredentialRequest): Promise<Credential>;
  hide(text: string): string;
  /** The event without any credential that was found so far, wherever in it. */
  hideIn(event: JsonEvent): JsonEvent;
}

/** Shorter ones could not be told from ordinary words. */
const MIN_LENGTH = 8;
/** How many are remembered, so that they are known wherever they turn up; those found longest ago are forgotten first. */
const MAX_REMEMBERED = 1_000;
const REMOVED = "[credential removed]";

export function createCredentials(sources: CredentialSources): Credentials {
  const remembered = new Set<string>();
  let forms: readonly string[] = [];
  const remember = (value: string) => {
    const isNew = !remembered.delete(value);
    remembered.add(value);
    const [oldest] = remembered;
    if (remembered.size > MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
    // The longest first: one may be part of another.
    if (isNew) forms = [...remembered].flatMap(formsOf).sort((one, other) => other.length - one.length);
  };
  const hide = (text: string) =>
    forms.reduce((rest, form) => (rest.includes(form) ? rest.replaceAll(form, REMOVED) : rest), text);
  const find: Credentials["find"] = async (names, request) => {
    const found = new Map<string, string>();
    for (const name of names) {
      const value = await findOne(sources, name, request);
      remember(value);
      found.set(name, value);
    }
    return (name) => {
      const value = found.get(name);
      if (value !== undefined) return value;
      const known = [...found.keys()].join(", ") || "none";
      throw new UsageError(
        "invalid_argument",
        `the credential ${name} is not declared here; declared: ${known}`,
      );
    };
  };
  return {
    find,
    hide,
    hideIn: (event) =>
      forms.length === 0 ? event : { type: event.type, data: hideInObject(event.data, hide) },
  };
}

async function findOne(
  sources: CredentialSources,
  name: string,
  request: CredentialRequest,
): Promise<string> {
  const { requester } = request;
  const who = requester === null ? "nobody in particular" : `${requester.channel}:${requester.id}`;
  const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
  let value: unknown;
  try {
    value = await source?.(request);
  } catch {
    throw new Error(`the credential ${name} could not be found for ${who}`);
  }
  if (value === undefined) throw new Error(`there is no credential ${name} for ${who}`);
  if (typeof value === "string" && value.length >= MIN_LENGTH) return value;
  throw new Error(`the credential ${name} of ${who} has fewer than ${MIN_LENGTH} characters: it is not used`);
}

/** How a credential may stand in a text: as it is, and as headers, addresses, dumps and JSON write it. */
function formsOf(value: string): string[] {
  const percent = encodeURIComponent(value.toWellFormed());
  const hex = Buffer.from(value).toString("hex");
  const forms = [
    value,
    percent,
    percent.replace(/%../g, (byte) => byte.toLowerCase()),
    percent.replaceAll("%20", "+"),
  ];
  forms.push(JSON.stringify(value).slice(1, -1), hex, hex.toUpperCase());
  // In Base64 three bytes are four characters: what it looks like depends on where it begins.
  for (const before of [0, 1, 2]) {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(value)]);
    const whole = bytes.subarray(0, bytes.length - (bytes.length % 3));
    const encoded = whole.toString("base64").slice(before === 0 ? 0 : 4);
    forms.push(encoded, encoded.replaceAll("+", "-").replaceAll("/", "_"));
  }
  return [...new Set(forms)].filter(({ length }) => length >= MIN_LENGTH);
}

function hideInJson(value: Json, hide: (text: string) => string): Json {
  if (typeof value === "string") return hide(value);
  if (isJsonArray(value)) return value.map((item) => hideInJson(item, hide));
  return isJsonObject(value) ? hideInObject(value, hide) : value;
}

function hideInObject(object: JsonObject, hide: (text: string) => string): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [hide(name), hideInJson(value, hide)]),
  );
}

/** The credentials that a tool or prefetch declares. Throws if one is not to be had. */
export async function credentialsFor(
  names: readonly string[],
  agent: Agent,
  requester: Principal | null,
  signal: AbortSignal,
): Promise<Credential> {
  const { credentials } = agent.context;
  if (credentials !== undefined) return credentials.find(names, { requester, agent: agent.name, signal });
  const [name] = names;
  if (name !== undefined) throw new Error(`there is no credential ${name}: no credentials are configured`);
  return (wanted) => {
    throw new UsageError("invalid_argument", `the credential ${wanted} is not declared here; declared: none`);
  };
}

/**
 * The agent with the credentials that its tools and prefetches declare: no event of it holds one, nor does an error. A
 * runtime does this with the configuration's `credentials`; a loop written by hand does it itself. Throws `UsageError`
 * for a name that has no source.
 */
export function withCredentials<A extends Agent>(
  agent: A,
  sources: CredentialSources,
  credentials: Credentials = createCredentials(sources),
): A {
  const wanted = [
    ...Array.from(agent.steps, ([intent, definition]) => ({
      what: intent,
      names: (definition.kind === "tool" ? definition.options.credentials : undefined) ?? [],
    })),
    ...Array.from(agent.prefetch, ([what, { credentials = [] }]) => ({ what, names: credentials })),
  ];
  for (const { what, names } of wanted) {
    const missing = names.find((name) => !Object.hasOwn(sources, name));
    if (missing === undefined) continue;
    const known = Object.keys(sources).join(", ") || "none";
    throw new UsageError(
      "invalid_configuration",
      `agent ${agent.name}: ${what} needs the credential "${missing}"; \`credentials\` resolves: ${known}`,
      { details: { agent: agent.name, step: what, credential: missing } },
    );
  }
  if (Object.keys(sources).length === 0) return agent;
  const { context } = agent;
  return {
    ...agent,
    context: {
      ...context,
      credentials,
      forStore: (events, thread) => context.forStore(events, thread).map(credentials.hideIn),
      hide: (text, thread, step) => credentials.hide(context.hide(text, thread, step)),
    },
  };
}
