/** One kind of secret as it appears in running text. */
export interface SecretPattern {
  /** Appears in placeholders and reports, e.g. `card`. */
  readonly kind: string;
  /**
   * Must have the flag `g`, and `d` where only group 1 is the secret; otherwise the whole match is. Must take time in
   * proportion to the text.
   */
  readonly pattern: RegExp;
  /** A further test of the found text, e.g. a check digit. */
  readonly accept?: (found: string) => boolean;
}

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
];

const SECRET_NAME =
  "(?<![A-Za-z0-9])(?:pass(?:word|wd|phrase)|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|client[_-]?secret|authorization)";
// What stands there is a placeholder already, or names the kind of the secret that follows it.
const NOT_REMOVED = "(?!\\[|(?:Bearer|Basic)\\b|(?<=\\[[a-z_]{1,40}:)[A-Za-z0-9]{1,40}\\])";

/** The built-in kinds, in the order in which they are looked for. E-mail addresses are a kind of their own: see `EMAIL`. */
export const SECRET_PATTERNS: readonly SecretPattern[] = [
  {
    kind: "private_key",
    pattern: /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/dg,
  },
  {
    kind: "token",
    pattern: /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+)?/dg,
  },
  { kind: "key", pattern: new RegExp(`(?<![A-Za-z0-9])(?:${PROVIDER_KEYS.join("|")})`, "gd") },
  { kind: "token", pattern: /\b(?:Bearer|Basic)\s{1,8}([A-Za-z0-9._~+/=-]{8,})/dgi, accept: looksRandom },
  { kind: "password", pattern: /\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s/:@]{0,100}:([^\s/@]{1,200})@/dgi },
  { kind: "secret", pattern: new RegExp(`(?<=[?&])${SECRET_NAME}=${NOT_REMOVED}([^\\s"'&#<>]{6,})`, "gid") },
  {
    kind: "secret",
    pattern: new RegExp(
      `${SECRET_NAME}["']?\\s{0,4}[:=]\\s{0,4}["']?${NOT_REMOVED}([^\\s"',;<>]{6,})`,
      "gid",
    ),
  },
  { kind: "card", pattern: /(?<![\d.])[2-6]\d{3}(?:[ -]?\d){9,15}(?!\d)/dg, accept: isCardNumber },
];

/** E-mail addresses: not secret in themselves, but personal. */
export const EMAIL: SecretPattern = {
  kind: "email",
  pattern: /(?<![\w.+-])[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/dg,
};

// "Basic arithmetic" and "bearer of news" are no credentials.
function looksRandom(text: string): boolean {
  return text.length >= 20 || /[\d=]/.test(text);
}

/** The length and check digit (Luhn) of a payment card. */
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
 * `replace` is given the secret and its kind.
 */
export function replaceSecrets(
  text: string,
  replace: (secret: string, kind: string) => string,
  patterns: readonly SecretPattern[] = SECRET_PATTERNS,
): string {
  let result = text;
  for (const { kind, pattern, accept } of patterns) {
    result = replaceOne(result, pattern, (found) =>
      accept === undefined || accept(found) ? replace(found, kind) : found,
    );
  }
  return result;
}

function replaceOne(text: string, pattern: RegExp, replace: (found: string) => string): string {
  let result = "";
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    const [start, end] = match.indices?.[1] ?? [match.index, match.index + match[0].length];
    result += text.slice(at, start) + replace(text.slice(start, end));
    at = end;
  }
  return at === 0 ? text : result + text.slice(at);
}

/** The text with secrets of the built-in kinds taken out: `Bearer [token removed]`. Cannot be undone. */
export function removeSecrets(text: string): string {
  return replaceSecrets(text, (_secret, kind) => `[${kind} removed]`);
}
