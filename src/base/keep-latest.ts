/**
 * Takes out what was put in first until at most `most` is left: for what is remembered to save time, and may be forgotten. To
 * count as the latest again, delete and set it.
 */
export function keepLatest<Key>(kept: Map<Key, unknown> | Set<Key>, most: number): void {
  if (kept.size <= most) return;
  for (const oldest of kept.keys()) {
    kept.delete(oldest);
    if (kept.size <= most) return;
  }
}
