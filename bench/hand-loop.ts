import { DatabaseSync } from "node:sqlite";
import { ClientRegistry } from "@boundaryml/baml";
import { b } from "../baml_client/index.ts";

interface HandEvent {
  readonly type: string;
  readonly data: unknown;
}

export interface HandStore {
  append(thread: string, seq: number, event: HandEvent): void;
  read(thread: string): HandEvent[];
  close(): void;
}

/** What one writes by hand to keep events: one table, one INSERT, on disk before it returns. */
export function handStore(path: string): HandStore {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000");
  database.exec(
    "CREATE TABLE IF NOT EXISTS events (thread TEXT, seq INTEGER, at TEXT, type TEXT, data TEXT, PRIMARY KEY (thread, seq))",
  );
  const insert = database.prepare("INSERT INTO events VALUES (?, ?, ?, ?, ?)");
  const select = database.prepare("SELECT type, data FROM events WHERE thread = ? ORDER BY seq");
  return {
    append: (thread, seq, { type, data }) => {
      insert.run(thread, seq, new Date().toISOString(), type, JSON.stringify(data));
    },
    read: (thread) =>
      select.all(thread).map((row) => ({ type: String(row["type"]), data: JSON.parse(String(row["data"])) })),
    close: () => database.close(),
  };
}

export function handClient(url: string): ClientRegistry {
  const registry = new ClientRegistry();
  registry.addLlmClient("Instant", "openai-generic", { base_url: url, model: "instant", api_key: "none" });
  registry.setPrimary("Instant");
  return registry;
}

/** The whole thread as text, made anew at every step. */
export function handRender(events: readonly HandEvent[]): string {
  return events
    .map(({ type, data }) => {
      const body =
        typeof data === "object" && data !== null
          ? Object.entries(data)
              .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
              .join("\n")
          : String(data);
      return `<${type}>\n${body}\n</${type}>`;
    })
    .join("\n\n");
}

/** The loop that one writes by hand: ask, append the step, run it, append its result. */
export async function handLoop(
  store: HandStore,
  thread: string,
  clientRegistry: ClientRegistry,
  message: string | undefined,
): Promise<void> {
  const events = message === undefined ? store.read(thread) : [];
  const add = (type: string, data: unknown) => {
    events.push({ type, data });
    store.append(thread, events.length, { type, data });
  };
  if (message !== undefined) add("user_message", message);
  for (;;) {
    const step = await b.DetermineNextStep(handRender(events), { clientRegistry });
    add(step.intent, step);
    switch (step.intent) {
      case "add":
        add("add_result", step.a + step.b);
        break;
      case "request_more_information":
      case "done_for_now":
        return;
      default:
        throw new Error(`the bench's model only adds: ${JSON.stringify(step)}`);
    }
  }
}
