import { NotFoundError, UsageError } from "../base/errors.ts";
import { parseThreadId, type ThreadId } from "../base/ids.ts";
import { visibleLine } from "../present/visible-text.ts";
import type { ThreadStore } from "../store/store.ts";
import type { Session } from "./session.ts";

/** The shortest beginning of an id, in letters and digits after `thr_`. */
const SHORTEST = 3;

/**
 * The thread that was meant: by its id or that of one of its requests, by the beginning of either (with or without `thr_`), or
 * by `last`, the thread that changed last. Throws `NotFoundError` if there is none, and `UsageError` if there are several.
 */
export async function findThread(session: Session, text: string): Promise<ThreadId> {
  const store = await session.store();
  if (text === "last") {
    const [latest] = (await store.list({ limit: 1 })).threads;
    if (latest === undefined) throw new NotFoundError("there are no threads");
    return latest.threadId;
  }
  if (/^last\.\d{1,10}$/.test(text)) {
    const message = `"${text}" names no request, since another thread may have become the last: give the request's id, which \`npx twelvefold list\` shows`;
    throw new UsageError("invalid_argument", message);
  }
  const given = text.replace(/(?:…|\.\.\.)?(?:\.\d{1,10})?$/, "");
  const exact = parseThreadId(given);
  if (exact !== undefined && (await store.summary(exact)) !== undefined) return exact;
  const found = await beginningWith(store, given);
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only;
  const shown = visibleLine(text, 80);
  if (only === undefined && exact !== undefined && exact.startsWith("thr_"))
    throw new NotFoundError(`there is no thread ${exact}`, { threadId: exact });
  if (only === undefined)
    throw new NotFoundError(`"${shown}" is not a thread's id; \`npx twelvefold list\` shows the ids`);
  const message = `"${shown}" is the beginning of several ids: ${found.slice(0, 5).join(", ")}; give more of it`;
  throw new UsageError("invalid_argument", message);
}

async function beginningWith(store: ThreadStore, given: string): Promise<readonly ThreadId[]> {
  const start = given.startsWith("thr_") ? given : `thr_${given}`;
  if (!/^thr_[A-Za-z0-9_-]*$/.test(start) || start.length < 4 + SHORTEST) return [];
  // A search finds it by its id, and perhaps others by what they say.
  const { threads } = await store.list({ search: start, limit: 100 });
  return threads.map(({ threadId }) => threadId).filter((threadId) => threadId.startsWith(start));
}
