import type { Clock } from "../../base/clock.ts";
import type { Values } from "../../store/store.ts";

/** Where the names of the clients are kept that have been asked under the limit for all without one of their own. */
const KEY = "limited clients";
const MOST = 100;
const KEPT_MS = 30 * 24 * 3_600_000;

/** Adds names to those that any process has kept; of more than 100, the latest stay. */
export async function keepNames(
  names: readonly string[],
  { store, clock }: { readonly store: Values; readonly clock: Clock },
): Promise<void> {
  for (;;) {
    const text = await store.getValue(KEY);
    const kept = [...new Set([...parse(text).filter((name) => !names.includes(name)), ...names])].slice(
      -MOST,
    );
    const expiresAt = clock.now() + KEPT_MS;
    if (await store.setValue(KEY, JSON.stringify(kept), text, { expiresAt })) return;
  }
}

export async function readNames(store: Values): Promise<readonly string[]> {
  return parse(await store.getValue(KEY));
}

/** What is not as it was written counts as nothing: the next call keeps its name again. */
function parse(text: string | undefined): readonly string[] {
  try {
    const found: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(found) ? found.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
}
