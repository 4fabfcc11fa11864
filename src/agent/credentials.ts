import { UsageError } from "../base/errors.ts";
import { isJsonArray, isJsonObject, type Json, type JsonObject } from "../base/json.ts";
import { keepLatest } from "../base/keep-latest.ts";
import type { JsonEvent } from "../context/redaction/stored-content.ts";
import type { Credential } from "../steps/definitions.ts";
import type { Principal } from "../thread/events.ts";
import type { OpenCall } from "../thread/state.ts";
import type { Agent } from "./agent.ts";

/** Whose credential is wanted, and for what. */
export interface CredentialRequest {
  /** For whom the call runs: who asked last. `null` if nobody did (a schedule), or if it is not known who. */
  readonly requester: Principal | null;
  readonly agent: string;
  readonly signal: AbortSignal;
}

/**
 * Looks up the credential of a requester in a secret store, a session or the environment: at least 8 characters, or
 * `undefined` if this requester has none. Called each time a call, its preview or a prefetch begins, and once more for a call
 * that a process left unfinished; nothing is cached between calls. If it throws or returns `undefined`, the call fails with an
 * error that names the credential and the requester. What it threw reaches nobody: log it yourself.
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
  /**
   * Looks up what a call may have used that began in another process, so that it is kept out of events here, too. What can
   * no longer be found is left out. Throws if a source does.
   */
  recall(names: readonly string[], request: CredentialRequest): Promise<void>;
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
  const remembered = new Map<string, Found>();
  let finders: readonly Found[] = [];
  const remember = (value: string) => {
    const known = remembered.get(value);
    remembered.delete(value);
    remembered.set(value, known ?? finderOf(value));
    keepLatest(remembered, MAX_REMEMBERED);
    // The longest first: one may be part of another.
    if (known === undefined)
      finders = [...remembered.values()].sort((one, other) => other.length - one.length);
  };
  const hide = (text: string) => hideWith(finders, text);
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
    async recall(names, request) {
      for (const name of names) {
        const value: unknown = Object.hasOwn(sources, name) ? await sources[name]?.(request) : undefined;
        if (typeof value === "string" && value.length >= MIN_LENGTH) remember(value);
      }
    },
    hide,
    hideIn: (event) =>
      finders.length === 0 ? event : { type: event.type, data: hideInObject(event.data, hide) },
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

/** What finds a credential in a text: as it is, or as headers, addresses, pages, dumps and JSON write it. */
interface Found {
  readonly length: number;
  /** The longest run of letters and digits, which nobody escapes: without it there is no need to look further. */
  readonly core: string;
  readonly pattern: RegExp;
  readonly encoded: readonly string[];
}

function finderOf(value: string): Found {
  const signs = Array.from(value, (sign) => (/[A-Za-z0-9]/.test(sign) ? sign : `(?:${writtenAs(sign)})`));
  const hex = Buffer.from(value).toString("hex");
  const encoded = [hex, hex.toUpperCase()];
  // In Base64 three bytes are four characters: what it looks like depends on where it begins.
  for (const before of [0, 1, 2]) {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(value)]);
    const whole = bytes.subarray(0, bytes.length - (bytes.length % 3));
    const form = whole.toString("base64").slice(before === 0 ? 0 : 4);
    encoded.push(form, form.replaceAll("+", "-").replaceAll("/", "_"));
  }
  const found = [...new Set(encoded)].filter(({ length }) => length >= MIN_LENGTH);
  const runs = value.match(/[A-Za-z0-9]+/g) ?? [""];
  const core = runs.reduce((longest, run) => (run.length > longest.length ? run : longest));
  return { length: value.length, core, pattern: new RegExp(signs.join(""), "g"), encoded: found };
}

const NAMED = new Map(
  Object.entries({
    "&": "amp",
    "<": "lt",
    ">": "gt",
    '"': "quot",
    "'": "apos",
    "\n": "n",
    "\r": "r",
    "\t": "t",
  }),
);

const SPECIAL = /[\\^$.*+?()[\]{}|/-]/;

/** A sign as a pattern: programs differ in which signs they escape, and in how. */
function writtenAs(sign: string): string {
  const bytes = Buffer.from(sign).toString("hex").match(/../g) ?? [];
  const percent = bytes.map((byte) => `%${byte}`).join("");
  const units = Array.from({ length: sign.length }, (_, at) =>
    sign.charCodeAt(at).toString(16).padStart(4, "0"),
  );
  const code = sign.codePointAt(0) ?? 0;
  // Written in JSON within JSON, a sign has more than one backslash before it.
  const plain = sign === "\\" ? String.raw`\\{1,8}` : String.raw`\\{0,7}${sign.replace(SPECIAL, "\\$&")}`;
  const forms = [plain, percent, percent.toUpperCase()];
  forms.push(units.map((unit) => String.raw`\\{1,7}u(?:${unit}|${unit.toUpperCase()})`).join(""));
  forms.push(`&#0*${code};`, `&#[xX]0*(?:${code.toString(16)}|${code.toString(16).toUpperCase()});`);
  const name = NAMED.get(sign);
  if (name !== undefined) forms.push(name.length === 1 ? String.raw`\\{1,7}${name}` : `&${name};`);
  if (sign === " ") forms.push(String.raw`\+`);
  return forms.join("|");
}

function hideWith(found: readonly Found[], text: string): string {
  let rest = text;
  for (const { core, pattern, encoded } of found) {
    if (rest.includes(core)) rest = rest.replace(pattern, REMOVED);
    for (const form of encoded) if (rest.includes(form)) rest = rest.replaceAll(form, REMOVED);
  }
  return rest;
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

/** The credentials that a tool or prefetch declares. Throws if one cannot be found. */
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

/** Makes known what this call of a tool may have used, wherever it began. Throws if that cannot be looked up. */
export async function recallCredentials(
  { step, requester }: OpenCall,
  agent: Agent,
  signal: AbortSignal,
): Promise<void> {
  const definition = agent.steps.get(step.intent);
  const names = (definition?.kind === "tool" ? definition.options.credentials : undefined) ?? [];
  await agent.context.credentials?.recall(names, { requester, agent: agent.name, signal });
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
