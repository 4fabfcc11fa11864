/**
 * Whether a sender is on the list. An entry is a whole name (`ada@example.com`, `+4912345`), or `*` and the end of a name
 * (`*@example.com`). Case makes no difference. An empty list lets nobody in.
 */
export function isAllowed(list: readonly string[], sender: string): boolean {
  const wanted = sender.trim().toLowerCase();
  if (wanted === "") return false;
  return list.some((entry) => {
    const pattern = entry.trim().toLowerCase();
    return pattern.startsWith("*") ? wanted.endsWith(pattern.slice(1)) : wanted === pattern;
  });
}
