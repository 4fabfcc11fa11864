/** One address and nothing else: no name, no list, no comment. */
const ADDRESS = /^[^\s@<>()[\]\\,;:"]+@[^\s@<>()[\]\\,;:"]+$/;

/**
 * Whether a sender is on the list. An entry is a whole name (`ada@example.com`, `+4912345`), or `*` and the end of a name
 * (`*@example.com`). Case makes no difference. An empty list lets nobody in. An entry with an `@` takes addresses only: for
 * `Ada <ada@example.com>`, give it what `addressOf` returns.
 */
export function isAllowed(list: readonly string[], sender: string): boolean {
  const wanted = sender.trim().toLowerCase();
  if (wanted === "") return false;
  return list.some((entry) => {
    const pattern = entry.trim().toLowerCase();
    if (pattern.includes("@") && !ADDRESS.test(wanted)) return false;
    return pattern.startsWith("*") ? wanted.endsWith(pattern.slice(1)) : wanted === pattern;
  });
}

/**
 * The address of a mailbox as mails name it: `ada@example.com` for `Ada <ada@example.com>`, for `"Ada, Ltd." <ada@example.com>`
 * and for the bare address, in lower case. `undefined` for anything else, also for a list of several: whoever picks one of them
 * picks what the sender wants. A name proves nothing, even if it looks like an address.
 *
 * @example
 * addressOf('"boss@example.com" <eve@example.net>'); // "eve@example.net"
 */
export function addressOf(mailbox: string): string | undefined {
  const text = mailbox.trim();
  const bracketed = /^(?:"(?:[^"\\]|\\.)*"\s*|[^"<>,;:@]*)<([^<>]*)>$/s.exec(text);
  const address = (bracketed?.[1] ?? text).trim().toLowerCase();
  return ADDRESS.test(address) ? address : undefined;
}
