import { letGo } from "./hooks.ts";
import { SECRET_NAME } from "./secret-names.ts";

/** One kind of secret as it appears in running text. */
export interface SecretPattern {
  /** The name of this kind in placeholders and reports, such as `card`. */
  readonly kind: string;
  /**
   * Must have the flag `g`, and also `d` if only group 1 is the secret; otherwise the whole match is. Must run in time
   * proportional to the length of the text.
   */
  readonly pattern: RegExp;
  /** An additional test of the found text, such as a check digit. Default: every match counts. */
  readonly accept?: (found: string) => boolean;
}

// Between the groups of a card number: spaces of any width, and hyphens.
const GAP = "[ \\u00a0\\u2007\\u2009\\u202f\\u2010-\\u2013-]";

const PROVIDER_KEYS = [
  "sk-[A-Za-z0-9_-]{16,}",
  "(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}",
  "whsec_[A-Za-z0-9+/=]{16,}",
  "AIza[A-Za-z0-9_-]{30,}",
  "(?:AKIA|ASIA)[A-Z0-9]{16}",
  "gh[opsur]_[A-Za-z0-9]{30,}",
  "github_pat_[A-Za-z0-9_]{22,}",
  "glpat-[A-Za-z0-9_-]{16,}",
  "xox[abeoprs]-[A-Za-z0-9-]{10,}",
  "xapp-[A-Za-z0-9-]{10,}",
  "npm_[A-Za-z0-9]{30,}",
  "hf_[A-Za-z0-9]{30,}",
  "gsk_[A-Za-z0-9]{30,}",
  "xai-[A-Za-z0-9]{30,}",
  "SG\\.[A-Za-z0-9_-]{16,}\\.[A-Za-z0-9_-]{16,}",
  "GOCSPX-[A-Za-z0-9_-]{20,}",
  "ya29\\.[A-Za-z0-9_-]{20,}",
  "pypi-[A-Za-z0-9_-]{30,}",
  "shpat_[a-f0-9]{32}",
  "dop_v1_[a-f0-9]{60,}",
];

// A placeholder stands there already.
const NOT_REMOVED =
  "(?!\\[[a-z_]{1,40}(?::[A-Za-z0-9]{1,40}| removed)\\]|(?<=\\[[a-z_]{1,40}:)[A-Za-z0-9]{1,40}\\])";
// For JSON in a text inside JSON: backslashes before the quotes.
const ESCAPES = "\\\\{0,8}";
const NAMED = `${SECRET_NAME}(?:${ESCAPES}["'])?\\s{0,4}(?::|=>?)\\s{0,4}`;

function namedPattern(value: string): RegExp {
  return new RegExp(`${NAMED}${value}`, "gid");
}

/** The built-in kinds, in the order in which they are searched for. E-mail addresses are separate: see `EMAIL`. */
export const SECRET_PATTERNS: readonly SecretPattern[] = [
  {
    kind: "private_key",
    pattern:
      /-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----|$)/dg,
  },
  {
    kind: "token",
    // JWT; an encrypted one has up to five parts, and its second part may be empty.
    pattern: /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.{1,2}[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+){0,3}/dg,
  },
  { kind: "key", pattern: new RegExp(`(?<![A-Za-z0-9])(?:${PROVIDER_KEYS.join("|")})`, "gd") },
  {
    kind: "key",
    pattern: /\bhooks\.slack\.com\/(?:services|workflows|triggers)\/([A-Za-z0-9/_-]{16,200})/dgi,
  },
  { kind: "token", pattern: /\b(?:Bearer|Basic)\s{1,8}([A-Za-z0-9._~+/=-]{8,})/dgi, accept: looksRandom },
  {
    kind: "token",
    pattern: new RegExp(
      `\\bauthorization(?:${ESCAPES}["'])?\\s{0,4}[:=]\\s{0,4}(?:${ESCAPES}["'])?(?:[A-Za-z][A-Za-z0-9-]{0,30} {1,4})?` +
        `${NOT_REMOVED}([^\\s"',;\\\\]{8,})`,
      "gid",
    ),
    accept: looksRandom,
  },
  {
    kind: "secret",
    pattern: new RegExp(
      `\\b(?:set-)?cookie(?:${ESCAPES}["'])?\\s{0,4}:\\s{0,4}(?:${ESCAPES}["'])?${NOT_REMOVED}` +
        `([^\\s=;"'\\\\]{1,100}=[^\\r\\n"'\\\\]{4,4000})`,
      "gid",
    ),
  },
  {
    kind: "password",
    pattern: /\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s/:@]{0,100}:([^\s/]{1,200})@(?=[^\s/@])/dgi,
  },
  {
    kind: "secret",
    pattern: new RegExp(
      `(?<=[?&](?:[a-z0-9_-]{0,40})(?:${SECRET_NAME}|signature|sig)=)${NOT_REMOVED}[^\\s"'&#<>]{6,}`,
      "gid",
    ),
  },
  // A secret in quotes ends with the quotes, whatever it holds; in escaped quotes, at the next backslash.
  { kind: "secret", pattern: namedPattern(`"${NOT_REMOVED}((?:[^"\\\\\\r\\n]|\\\\.){3,500})`) },
  { kind: "secret", pattern: namedPattern(`\\\\{1,8}["']${NOT_REMOVED}([^"'\\\\\\r\\n]{3,500})`) },
  { kind: "secret", pattern: namedPattern(`'${NOT_REMOVED}([^'\\r\\n]{3,500})`) },
  { kind: "secret", pattern: namedPattern(`(?!["'\\\\])${NOT_REMOVED}([^\\s"',;<>]{4,})`), accept: isNoWord },
  {
    kind: "secret",
    pattern:
      /\b(?:password|passphrase|passcode|secret|api key|token) is:?\s{1,4}["'`]?([^\s"'`,;<>]{4,200}[^\s"'`,;<>.!?])/dgi,
    accept: (found) => /\d/.test(found),
  },
  // A card number written in groups may be followed by other numbers; the longest possible one comes first.
  { kind: "card", pattern: card(`\\d{3}(?:${GAP}\\d{4}){3}${GAP}\\d{3}`), accept: isCardNumber },
  { kind: "card", pattern: card(`\\d{3}(?:${GAP}\\d{4}){3}`), accept: isCardNumber },
  { kind: "card", pattern: card("\\d{3}(?:\\.\\d{4}){3}"), accept: isCardNumber },
  { kind: "card", pattern: card(`\\d{3}${GAP}\\d{6}${GAP}\\d{4,5}`), accept: isCardNumber },
  { kind: "card", pattern: card("\\d{12,18}"), accept: isCardNumber },
  { kind: "card", pattern: card(`\\d{3}(?:${GAP}?\\d){9,15}`), accept: isCardNumber },
];

/** A number that may be a card's, judged by its first digit, and not the end of a longer number. */
function card(rest: string): RegExp {
  return new RegExp(`(?<!\\d|\\d\\.)[2-6]${rest}(?!\\d)`, "dg");
}

/** E-mail addresses: not secret in themselves, but personal. */
export const EMAIL: SecretPattern = {
  kind: "email",
  pattern: /(?<![\w.+-])[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/dg,
};

// "Password: none" reveals no secret.
function isNoWord(text: string): boolean {
  return text.length >= 6 || (/\d/.test(text) && /[A-Za-z]/.test(text));
}

// "Basic arithmetic" and "bearer of news" are not credentials.
function looksRandom(text: string): boolean {
  return text.length >= 20 || /[\d=]/.test(text);
}

/** Checks the length and the check digit (Luhn) of a payment card. */
function isCardNumber(text: string): boolean {
  const digits = text.replace(/\D/g, "");
  if (digits.length < 13 || digits.length > 19) return false;
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/**
 * The text with every secret that a pattern finds replaced. The text around a secret (`Bearer `, `password=`) stays.
 * `replace` gets the secret and its kind.
 */
export function replaceSecrets(
  text: string,
  replace: (secret: string, kind: string) => string,
  patterns: readonly SecretPattern[] = SECRET_PATTERNS,
): string {
  let result = text;
  for (const { kind, pattern, accept } of patterns) {
    result = replaceOne(result, pattern, (found) => {
      const isSecret = accept === undefined || accept(found);
      // A promise says nothing: what it is about stays hidden.
      letGo(isSecret);
      return isSecret ? replace(found, kind) : found;
    });
  }
  return result;
}

function replaceOne(text: string, pattern: RegExp, replace: (found: string) => string): string {
  // Nearly all texts hold none; `matchAll` would copy the pattern to find that out.
  pattern.lastIndex = 0;
  if (!pattern.test(text)) return text;
  pattern.lastIndex = 0;
  let result = "";
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    const [start, end] = match.indices?.[1] ?? [match.index, match.index + match[0].length];
    result += text.slice(at, start) + replace(text.slice(start, end));
    at = end;
  }
  return at === 0 ? text : result + text.slice(at);
}

/** The text without secrets: `Bearer [token removed]`. `patterns` default to the built-in kinds. Cannot be undone. */
export function removeSecrets(text: string, patterns: readonly SecretPattern[] = SECRET_PATTERNS): string {
  return replaceSecrets(text, (_secret, kind) => `[${kind} removed]`, patterns);
}
