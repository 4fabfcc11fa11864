/*
 * What a configuration opens for as long as the process runs, such as a connection: nobody else knows of it, and it would keep
 * a command from ending. Shared by all copies of the package in a process.
 */
const CLOSERS = Symbol.for("twelvefold.at-end");

type Close = () => Promise<unknown>;

function readClosers(): Set<Close> {
  const known: unknown = Reflect.get(globalThis, CLOSERS);
  if (known instanceof Set) return known;
  const made = new Set<Close>();
  Reflect.set(globalThis, CLOSERS, made);
  return made;
}

/** Has this closed at the end of a command. Returns a function that takes it back. */
export function closeAtEnd(close: Close): () => void {
  readClosers().add(close);
  return () => readClosers().delete(close);
}

/** Closes everything. For the end of a command: what fails to close does not fail it. */
export async function closeEverything(): Promise<void> {
  const all = [...readClosers()];
  readClosers().clear();
  await Promise.allSettled(all.map((close) => close()));
}
