/**
 * Whether a sender is on the list. Entries are whole names (`ada@example.com`, `+4912345`) or begin with `*` for
 * everything that ends so (`*@example.com`). Upper and lower case are the same. An empty list lets nobody in.
 */
export function isAllowed(list: readonly string[], sender: string): boolean {
  const wanted = sender.trim().toLowerCase();
  if (wanted === "") return false;
  return list.some((entry) => {
    const pattern = entry.trim().toLowerCase();
    return pattern.startsWith("*") ? wanted.endsWith(pattern.slice(1)) : wanted === pattern;
  });
}
